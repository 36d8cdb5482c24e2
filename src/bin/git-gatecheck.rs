//! The same program under the name that makes `git gatecheck` work.

fn main() -> std::process::ExitCode {
    gatecheck::cli::main()
}
