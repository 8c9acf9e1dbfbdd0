//! Reading `[schedule]`.

use std::time::Duration;

use super::duration::parse_duration;
use super::section::Section;
use super::types::Schedule;

const LONGEST_SPLAY: Duration = Duration::from_secs(3600);
/// A retry that comes later than the next slot is never made.
const LONGEST_PAUSE: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST_RETRIES: usize = 10;

pub(super) fn schedule(mut section: Section<'_>) -> Schedule {
    let defaults = Schedule::default();
    let splay = section.parsed("splay", "a duration from \"0s\" to \"1h\"", |text| {
        parse_duration(text).filter(|splay| *splay <= LONGEST_SPLAY)
    });
    let retries = retries(&mut section);
    section.finish();
    Schedule {
        splay: splay.unwrap_or(defaults.splay),
        retries: retries.unwrap_or(defaults.retries),
    }
}

fn retries(section: &mut Section<'_>) -> Option<Vec<Duration>> {
    const EXPECTED: &str = "at most ten durations such as \"8h\", none longer than 168h";
    let written = section.strings("retries")?;
    if let Some((origin, _)) = written.get(MOST_RETRIES) {
        section.out_of_range("retries", origin, EXPECTED);
    }
    let mut retries = Vec::new();
    for (origin, text) in &written {
        match parse_duration(text).filter(|pause| !pause.is_zero() && *pause <= LONGEST_PAUSE) {
            Some(pause) => retries.push(pause),
            None => section.out_of_range("retries", origin, EXPECTED),
        }
    }
    Some(retries)
}
