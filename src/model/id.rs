//! Names of people and domains inside a registry.

use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// `[a-z0-9][a-z0-9._-]{0,63}`; `None` for anything else.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.to_owned()))
            }

            /// The id as text; always plain ASCII.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A reviewer's id: one person, however many keys.
    ReviewerId
);
text_id!(
    /// A review domain's id.
    DomainId
);

fn is_id(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(inner)
        && text.bytes().all(|b| inner(b) || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_lower_case_ids_exist() {
        for good in ["a", "clancy", "0x", "a.b-c_d", &"a".repeat(64)] {
            assert!(ReviewerId::new(good).is_some(), "{good}");
        }
        for bad in ["", "-a", ".a", "Clancy", "a b", "cl\u{430}ncy", &"a".repeat(65), "a\n"] {
            assert!(ReviewerId::new(bad).is_none(), "{bad}");
        }
    }
}
