//! Programs that a test writes and then has run.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program. By a child: a file that any process has open for writing cannot be run
/// ("text file busy"), and whatever another thread starts while ours writes inherits the open file
/// for a moment. What was there goes first: it may be open still.
pub(crate) fn program(path: &Path, text: &str) {
    let mut shell = Command::new("sh")
        .args(["-c", "rm -f \"$0\" && cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success(), "{}", path.display());
}
