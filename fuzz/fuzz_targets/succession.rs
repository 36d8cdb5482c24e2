#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatecheck_fuzz::run("succession", bytes));
