//! Points in time and ages. All times are UTC seconds; nothing here asks a clock.

use std::fmt;

use chrono::{DateTime, Months, NaiveDate, NaiveDateTime};

/// Seconds since 1970-01-01T00:00:00Z, from year 1 to year 9999.
///
/// The bounds are those of RFC 3339, so every `Time` can be shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

/// Why a text is not a time that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATime {
    /// No UTC offset: two people would read it as two different moments.
    #[error("a date-time without an offset names no single moment; add Z")]
    Local,
    /// Fractions are not part of what is signed.
    #[error("a fraction of a second is not allowed")]
    Fraction,
    /// Anything else.
    #[error("not an RFC 3339 date or date-time")]
    Malformed,
}

const YEAR_1: i64 = -62_135_596_800;
const YEAR_9999_END: i64 = 253_402_300_799;

impl Time {
    /// From seconds since the epoch; `None` outside the years 1 to 9999.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Option<Self> {
        if seconds < YEAR_1 || seconds > YEAR_9999_END {
            return None;
        }
        Some(Self(seconds))
    }

    /// As [`Time::from_unix`], clamped to the years 1 to 9999.
    #[must_use]
    pub fn from_unix_clamped(seconds: i64) -> Self {
        Self(seconds.clamp(YEAR_1, YEAR_9999_END))
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 date (`2026-06-11`, meaning 00:00:00Z) or date-time with an offset.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            if text.len() != 10 {
                return Err(NotATime::Malformed);
            }
            let midnight = date.and_hms_opt(0, 0, 0).ok_or(NotATime::Malformed)?;
            return Self::from_unix(midnight.and_utc().timestamp()).ok_or(NotATime::Malformed);
        }
        match DateTime::parse_from_rfc3339(text) {
            Ok(at) if at.timestamp_subsec_nanos() != 0 => Err(NotATime::Fraction),
            Ok(at) => Self::from_unix(at.timestamp()).ok_or(NotATime::Malformed),
            Err(_) => {
                let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
                if local.iter().any(|f| NaiveDateTime::parse_from_str(text, f).is_ok()) {
                    return Err(NotATime::Local);
                }
                Err(NotATime::Malformed)
            }
        }
    }

    /// `self + age`; calendar months clamp to the month's end. Saturates at year 9999.
    #[must_use]
    pub fn plus(self, age: Age) -> Self {
        match age {
            Age::Seconds(s) => {
                let s = i64::try_from(s).unwrap_or(i64::MAX);
                Self::from_unix_clamped(self.0.saturating_add(s))
            }
            Age::Months(months) => DateTime::from_timestamp(self.0, 0)
                .and_then(|at| at.checked_add_months(Months::new(months)))
                .map_or(Self(YEAR_9999_END), |at| Self::from_unix_clamped(at.timestamp())),
        }
    }

    /// `self - age`; calendar months clamp to the month's end. Saturates at year 1.
    #[must_use]
    pub fn minus(self, age: Age) -> Self {
        match age {
            Age::Seconds(s) => {
                let s = i64::try_from(s).unwrap_or(i64::MAX);
                Self::from_unix_clamped(self.0.saturating_sub(s))
            }
            Age::Months(months) => DateTime::from_timestamp(self.0, 0)
                .and_then(|at| at.checked_sub_months(Months::new(months)))
                .map_or(Self(YEAR_1), |at| Self::from_unix_clamped(at.timestamp())),
        }
    }

    /// The second before.
    #[must_use]
    pub fn before(self) -> Self {
        Self::from_unix_clamped(self.0.saturating_sub(1))
    }

    /// The distance between two times, in seconds, whichever is first.
    #[must_use]
    pub const fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }

    /// The date alone, for people: `2026-06-11`.
    #[must_use]
    pub fn date(self) -> String {
        let mut text = self.to_string();
        text.truncate(10);
        text
    }
}

/// `2026-01-25T11:00:00Z`, the only form that is ever signed or reported.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp(self.0, 0) {
            Some(at) => write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%SZ")),
            None => write!(f, "{} s after 1970", self.0),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A length of time as policy states it: exact seconds, or calendar months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Exact, in seconds: `"1 day"`, `"36 hours"`, `"90 minutes"`, `"2 weeks"`.
    Seconds(u64),
    /// Calendar months: `"6 months"`, `"1 year"`.
    Months(u32),
}

impl Age {
    /// Reads `"<number> <unit>"`. Units: second, minute, hour, day, week, month, year, and their plurals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.trim().split_once(' ')?;
        if number.is_empty() || number.len() > 9 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: u32 = number.parse().ok()?;
        let unit = unit.trim();
        let unit = unit.strip_suffix('s').unwrap_or(unit);
        let seconds = match unit {
            "second" => 1,
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            "week" => 7 * 86_400,
            "month" => return Some(Self::Months(number)),
            "year" => return number.checked_mul(12).map(Self::Months),
            _ => return None,
        };
        Some(Self::Seconds(u64::from(number).checked_mul(seconds)?))
    }

    /// Whole days, as an age.
    #[must_use]
    pub fn days(days: u32) -> Self {
        Self::Seconds(u64::from(days).saturating_mul(86_400))
    }

    /// Whether this is longer than no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::Seconds(0) | Self::Months(0))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match *self {
            Self::Months(m) if m > 0 && m.is_multiple_of(12) => (u64::from(m / 12), "year"),
            Self::Months(m) => (u64::from(m), "month"),
            Self::Seconds(s) if s > 0 && s.is_multiple_of(86_400) => (s / 86_400, "day"),
            Self::Seconds(s) if s > 0 && s.is_multiple_of(3_600) => (s / 3_600, "hour"),
            Self::Seconds(s) if s > 0 && s.is_multiple_of(60) => (s / 60, "minute"),
            Self::Seconds(s) => (s, "second"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn offsets_name_the_same_moment() {
        assert_eq!(at("2026-06-11"), at("2026-06-11T00:00:00Z"));
        assert_eq!(at("2026-06-11T14:00:00+14:00"), at("2026-06-11"));
        assert_eq!(at("2026-06-10T12:00:00-12:00"), at("2026-06-11"));
    }

    #[test]
    fn what_is_not_one_moment_is_refused() {
        assert_eq!(Time::parse("2026-06-11T12:00:00"), Err(NotATime::Local));
        assert_eq!(Time::parse("2026-06-11T12:00:00.5Z"), Err(NotATime::Fraction));
        for bad in ["", "yesterday", "2026-6-1", "2026-02-30", "2026-13-01"] {
            assert_eq!(Time::parse(bad), Err(NotATime::Malformed), "{bad}");
        }
    }

    #[test]
    fn months_clamp_to_the_months_end() {
        let half_year = Age::parse("6 months").unwrap();
        assert_eq!(at("2025-08-31").plus(half_year), at("2026-02-28"));
        assert_eq!(at("2026-08-31").minus(half_year), at("2026-02-28"));
        assert_eq!(at("2024-01-31").plus(Age::Months(1)), at("2024-02-29"));
    }

    #[test]
    fn ages_are_read_and_shown() {
        assert_eq!(Age::parse("1 day"), Some(Age::Seconds(86_400)));
        assert_eq!(Age::parse("2 years"), Some(Age::Months(24)));
        assert_eq!(Age::Months(24).to_string(), "2 years");
        assert_eq!(Age::Seconds(86_400).to_string(), "1 day");
        for bad in ["", "day", "1", "-1 day", "1  fortnight", "9999999999 days"] {
            assert_eq!(Age::parse(bad), None, "{bad}");
        }
    }
}
