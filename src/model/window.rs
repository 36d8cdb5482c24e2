//! The half-open interval in which a key may act.

use super::time::Time;

/// `[from, until)`: the first instant is inside, the end is outside. No end means open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// First instant inside.
    pub from: Time,
    /// First instant outside again; `None` while open.
    pub until: Option<Time>,
}

/// Where a time lies, seen from a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before the first instant.
    Before,
    /// Inside.
    Inside,
    /// At the end or after it.
    After,
}

impl Window {
    /// Where `at` lies.
    #[must_use]
    pub fn position(&self, at: Time) -> Position {
        if at < self.from {
            Position::Before
        } else if self.until.is_some_and(|until| at >= until) {
            Position::After
        } else {
            Position::Inside
        }
    }

    /// Whether `at` is inside.
    #[must_use]
    pub fn contains(&self, at: Time) -> bool {
        self.position(at) == Position::Inside
    }

    /// Whether no instant is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_some_and(|until| until <= self.from)
    }

    /// Whether some instant is inside both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.is_empty() || other.is_empty() {
            return false;
        }
        self.until.is_none_or(|until| other.from < until)
            && other.until.is_none_or(|until| self.from < until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(from: i64, until: Option<i64>) -> Window {
        Window { from: Time::from_unix_clamped(from), until: until.map(Time::from_unix_clamped) }
    }

    #[test]
    fn the_start_is_inside_and_the_end_is_outside() {
        let w = window(100, Some(200));
        let at = |s| w.position(Time::from_unix_clamped(s));
        assert_eq!(at(99), Position::Before);
        assert_eq!(at(100), Position::Inside);
        assert_eq!(at(199), Position::Inside);
        assert_eq!(at(200), Position::After);
    }

    proptest! {
        #[test]
        fn overlap_is_what_sharing_an_instant_means(
            a in 0i64..40, la in proptest::option::of(0i64..40),
            b in 0i64..40, lb in proptest::option::of(0i64..40),
        ) {
            let (x, y) = (window(a, la.map(|l| a + l)), window(b, lb.map(|l| b + l)));
            let shared = (0..200).any(|s| {
                let s = Time::from_unix_clamped(s);
                x.contains(s) && y.contains(s)
            });
            prop_assert_eq!(x.overlaps(&y), shared);
            prop_assert_eq!(y.overlaps(&x), shared);
        }
    }
}
