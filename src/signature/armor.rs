//! Armor in its canonical bounds: RFC 9580, 6.2 for OpenPGP, PROTOCOL.sshsig for SSH.
//!
//! Strict on purpose. Lenient readers skip text before, between and after blocks, so that one
//! text means different things to different programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::text::shown;

/// A decoded block of a text that may hold several.
#[derive(Debug)]
pub(super) struct Block {
    /// What stands between `BEGIN ` and the dashes.
    pub(super) label: String,
    /// The decoded bytes, or why they could not be decoded.
    pub(super) data: Result<Vec<u8>, String>,
    /// Line of `BEGIN`, from 1.
    pub(super) line: usize,
}

/// Whether a block may have headers and a checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Headers, an empty line, and an optional checksum line.
    OpenPgp,
    /// Base64 lines alone.
    Plain,
}

/// Decodes a text that is exactly one block with this label, with nothing but white space
/// around it. The error is plain English.
pub(super) fn single(text: &[u8], label: &str, style: Style) -> Result<Vec<u8>, String> {
    let mut lines = lines(text.trim_ascii());
    let begin = lines.next().unwrap_or_default();
    if label_of(begin, b"-----BEGIN ") != Some(label.as_bytes()) {
        return Err(format!("the first line is not \"-----BEGIN {label}-----\""));
    }
    let data = body(&mut lines, label, style)?;
    match lines.next() {
        None => Ok(data),
        // Nothing signs what follows: OpenTimestamps stamps, for one, can be put there by anybody.
        Some(line) if line.starts_with(b"-----BEGIN ") => {
            let second = label_of(line, b"-----BEGIN ").unwrap_or_default();
            let second = shown(&String::from_utf8_lossy(second));
            Err(format!("a second armored block (\"{second}\"), which nothing signs, follows it"))
        }
        Some(_) => Err(format!("text follows \"-----END {label}-----\"")),
    }
}

/// How many lines begin a block with this label.
pub(super) fn count(text: &[u8], label: &str) -> usize {
    lines(text).filter(|line| label_of(line, b"-----BEGIN ") == Some(label.as_bytes())).count()
}

/// All blocks `-----BEGIN PGP …-----` of a text, in order; text between them is skipped.
pub(super) fn openpgp_blocks(text: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = lines(text).enumerate();
    while let Some((n, line)) = lines.next() {
        let Some(label) = label_of(line, b"-----BEGIN ").filter(|l| l.starts_with(b"PGP ")) else {
            continue;
        };
        let label = String::from_utf8_lossy(label).into_owned();
        let data = body(&mut lines.by_ref().map(|(_, line)| line), &label, Style::OpenPgp);
        blocks.push(Block { label, data, line: n.saturating_add(1) });
    }
    blocks
}

/// Lines without their ends and without trailing white space, which mail programs add.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end)
}

fn label_of<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(prefix)?.strip_suffix(b"-----")
}

/// Reads on from behind the `BEGIN` line up to and including the `END` line.
fn body<'a>(
    lines: &mut impl Iterator<Item = &'a [u8]>,
    label: &str,
    style: Style,
) -> Result<Vec<u8>, String> {
    if style == Style::OpenPgp {
        headers(lines)?;
    }
    let mut base64 = Vec::new();
    let mut checksum = false;
    for line in lines {
        if let Some(end) = label_of(line, b"-----END ") {
            if end != label.as_bytes() {
                return Err(format!(
                    "\"-----BEGIN {}-----\" ends with another label",
                    shown(label)
                ));
            }
            return STANDARD
                .decode(&base64)
                .map_err(|_| "the base64 between BEGIN and END is not canonical".to_owned());
        }
        if checksum {
            return Err("a line follows the armor checksum".to_owned());
        }
        // The checksum is not looked at: RFC 9580, 6.1 forbids to refuse for it.
        checksum = style == Style::OpenPgp && line.len() == 5 && line.starts_with(b"=");
        if checksum {
            continue;
        }
        if line.is_empty() {
            return Err("an empty line within the base64".to_owned());
        }
        base64.extend_from_slice(line);
    }
    Err(format!("truncated: there is no \"-----END {}-----\"", shown(label)))
}

/// Skips armor headers (`Version: …`) and the empty line behind them.
fn headers<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> Result<(), String> {
    for line in lines {
        if line.is_empty() {
            return Ok(());
        }
        if !line.contains(&b':') || line.starts_with(b"-----") {
            return Err("no empty line between the armor headers and the base64".to_owned());
        }
    }
    Err("truncated within the armor headers".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PGP SIGNATURE-----\nVersion: x\n\naGVs\nbG8=\n=AAAA\n-----END PGP SIGNATURE-----";

    fn pgp(text: &str) -> Result<Vec<u8>, String> {
        single(text.as_bytes(), "PGP SIGNATURE", Style::OpenPgp)
    }

    #[test]
    fn one_block_with_white_space_around_it_is_read() {
        assert_eq!(pgp(GOOD).unwrap(), b"hello");
        assert_eq!(pgp(&format!("\n \t{GOOD}\r\n \n")).unwrap(), b"hello");
        assert_eq!(pgp(&GOOD.replace('\n', "\r\n")).unwrap(), b"hello");
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let cases = [
            (format!("x\n{GOOD}"), "first line"),
            (format!("{GOOD}\nx"), "text follows"),
            (format!("{GOOD}\n{GOOD}"), "second armored block"),
            (GOOD.replace("\n\n", "\n"), "no empty line"),
            (GOOD.replace("aGVs", "aG!s"), "not canonical"),
            (GOOD.replace("bG8=", "bG9="), "not canonical"),
            (GOOD.replace("=AAAA", "=AAAA\naGVs"), "checksum"),
            (GOOD.replace("END PGP SIG", "END PGP MES"), "another label"),
            (GOOD[..50].to_owned(), "truncated"),
            (GOOD.replace("aGVs", "aGVs\n"), "empty line"),
        ];
        for (text, reason) in cases {
            let error = pgp(&text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_label_is_shown_inert() {
        for end in ["", "\n-----END PGP X-----"] {
            let text = format!("-----BEGIN PGP \u{1b}[31m\u{202e}-----\n\naGVs{end}");
            let blocks = openpgp_blocks(text.as_bytes());
            let why = blocks[0].data.as_ref().unwrap_err();
            assert!(!why.chars().any(crate::model::text::is_unsafe), "{why:?}");
        }
    }

    #[test]
    fn plain_blocks_have_no_headers() {
        let ssh = "-----BEGIN SSH SIGNATURE-----\naGVsbG8=\n-----END SSH SIGNATURE-----\n";
        assert_eq!(single(ssh.as_bytes(), "SSH SIGNATURE", Style::Plain).unwrap(), b"hello");
        let with = ssh.replace("\naG", "\nA: b\n\naG");
        assert!(single(with.as_bytes(), "SSH SIGNATURE", Style::Plain).is_err());
    }

    #[test]
    fn several_blocks_are_found_with_their_lines() {
        let blocks = openpgp_blocks(format!("hi\n{GOOD}\nand\n{GOOD}\n").as_bytes());
        assert_eq!(blocks.iter().map(|b| b.line).collect::<Vec<_>>(), [2, 10]);
        assert!(blocks.iter().all(|b| b.data.as_deref() == Ok(b"hello")));
    }
}
