//! JSON whose bytes mean nothing to a build log or a browser.
//!
//! Inside strings, `##`, `::`, `<`, `>` and `&` are written as JSON escapes (RFC 8259, section 7):
//! who parses the document gets the same text, who only prints it starts nothing.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

/// Indented by two blanks, with a line end.
pub(in crate::render) fn to_pretty<T: Serialize>(value: &T) -> Vec<u8> {
    write(value, PrettyFormatter::new())
}

/// On one line, with a line end.
pub(in crate::render) fn to_line<T: Serialize>(value: &T) -> Vec<u8> {
    write(value, CompactFormatter)
}

fn write<T: Serialize, F: Formatter>(value: &T, inner: F) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Inert(inner));
    // Writing into memory cannot fail, and none of our types has keys that are no strings. Were
    // it to fail, the document would be cut short, which no parser takes for a report.
    let _ = value.serialize(&mut serializer);
    bytes.push(b'\n');
    bytes
}

struct Inert<F>(F);

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(
            fn $name<W: ?Sized + io::Write>(&mut self, to: &mut W $(, $arg: $type)*) -> io::Result<()> {
                self.0.$name(to $(, $arg)*)
            }
        )*
    };
}

impl<F: Formatter> Formatter for Inert<F> {
    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut before = None;
        for c in fragment.chars() {
            let doubled = before == Some(c) && matches!(c, '#' | ':');
            if doubled || matches!(c, '<' | '>' | '&') {
                write!(to, "\\u{:04x}", u32::from(c))?;
                // The escape broke the pair; three marks in a row need no second one.
                before = None;
            } else {
                write!(to, "{c}")?;
                before = Some(c);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_commands_are_escaped_and_read_back_unchanged() {
        let hostile = "::error::x ##[set] ### ::: <script>&amp; a:b #c";
        let line = String::from_utf8(to_line(&hostile)).unwrap();
        for bad in ["::", "##", "<", ">", "&"] {
            assert!(!line.contains(bad), "{bad} in {line}");
        }
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), hostile);
    }

    #[test]
    fn layout_is_that_of_the_usual_formatters() {
        let value = serde_json::json!({"a": [1, 2], "b": {}, "c": []});
        let mut pretty = serde_json::to_vec_pretty(&value).unwrap();
        pretty.push(b'\n');
        assert_eq!(to_pretty(&value), pretty);
    }
}
