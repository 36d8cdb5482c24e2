//! A panic is a defect of the program: it is said so, and never looks like a verdict.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

use super::exit::Exit;
use super::streams::Streams;
use crate::error::Error;

/// What the last panic said, and where.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics from writing to the terminal by themselves: their text may quote the repository.
pub(super) fn keep_quiet() {
    panic::set_hook(Box::new(|info| {
        let message = words(info.payload());
        let at = info.location().map_or(String::new(), |place| format!(" at {place}"));
        if let Ok(mut last) = LAST.lock() {
            *last = Some(format!("{message}{at}"));
        }
    }));
}

/// Runs `work`; a panic in it ends as exit status 101.
pub(super) fn guard(
    streams: &mut Streams<'_>,
    work: impl FnOnce(&mut Streams<'_>) -> Exit,
) -> Exit {
    match panic::catch_unwind(AssertUnwindSafe(|| work(streams))) {
        Ok(exit) => exit,
        Err(payload) => {
            let kept = LAST.lock().ok().and_then(|mut last| last.take());
            let message = kept.unwrap_or_else(|| words(payload.as_ref()));
            streams.say(&format!("error: {}", Error::Defect(message.replace('\n', " "))));
            Exit::DEFECT
        }
    }
}

fn words(payload: &(dyn Any + Send)) -> String {
    let fixed = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    fixed
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_defect_and_asks_to_be_reported() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut streams = Streams { out: &mut out, err: &mut err };
        let exit = guard(&mut streams, |_| panic!("boom \u{1b}[31m"));
        assert_eq!(exit, Exit::DEFECT);
        let said = String::from_utf8(err).unwrap();
        assert!(said.contains("defect in gatecheck: boom \\u{1b}[31m"), "{said}");
        assert!(said.contains("please report it"), "{said}");
    }

    #[test]
    fn what_does_not_panic_ends_as_it_says() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut streams = Streams { out: &mut out, err: &mut err };
        assert_eq!(guard(&mut streams, |_| Exit::UNDECIDED), Exit::UNDECIDED);
    }
}
