//! The types of TOML, and values in words.

use toml::de::DeValue;

use crate::model::Time;
use crate::model::text::shown;
use crate::model::time::NotATime;

/// The types of TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of TOML")]
pub enum Kind {
    String,
    Integer,
    Float,
    Boolean,
    Datetime,
    Array,
    Table,
}

impl Kind {
    pub(super) const fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::String,
            DeValue::Integer(_) => Self::Integer,
            DeValue::Float(_) => Self::Float,
            DeValue::Boolean(_) => Self::Boolean,
            DeValue::Datetime(_) => Self::Datetime,
            DeValue::Array(_) => Self::Array,
            DeValue::Table(_) => Self::Table,
        }
    }
}

pub(super) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string \"{}\"", shown(text)),
        DeValue::Integer(number) => format!("the number {}", shown(number.as_str())),
        DeValue::Float(number) => format!("the fraction {}", shown(number.as_str())),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(at) => format!("the date {at}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

pub(super) fn read_datetime(at: &toml::value::Datetime) -> Result<Time, NotATime> {
    match (&at.date, &at.time, &at.offset) {
        (Some(_), None, None) => Time::parse(&at.to_string()),
        (Some(_), Some(time), Some(_)) => {
            if time.nanosecond.is_some() {
                return Err(NotATime::Fraction);
            }
            Time::parse(&at.to_string())
        }
        (Some(_), Some(_), None) => Err(NotATime::Local),
        _ => Err(NotATime::Malformed),
    }
}
