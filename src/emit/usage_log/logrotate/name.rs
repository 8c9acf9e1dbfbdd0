//! What files are called: by the moment that they were made.

use chrono::{DateTime, NaiveDateTime, Utc};

const PREFIX: &str = "usage-log-";
const SUFFIX: &str = ".json";
const PACKED: &str = ".json.gz";
const FORMAT: &str = "%Y-%m-%d-%H-%M-%S%.3f";

/// The name of a file of this moment.
pub(super) fn of(time: DateTime<Utc>) -> String {
    format!("{PREFIX}{}{SUFFIX}", time.format(FORMAT))
}

/// When the file of this name was made; `None` where it is none of ours.
pub(super) fn made_at(name: &str) -> Option<DateTime<Utc>> {
    let rest = name.strip_prefix(PREFIX)?;
    let text = rest.strip_suffix(PACKED).or_else(|| rest.strip_suffix(SUFFIX))?;
    let time = NaiveDateTime::parse_from_str(text, FORMAT).ok()?.and_utc();
    // One that is spelled in another way, such as with six digits of a second, is not ours.
    (time.format(FORMAT).to_string() == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::{made_at, of};

    #[test]
    fn a_name_says_when_the_file_was_made() {
        let name = "usage-log-2026-11-19-07-08-09.012.json";
        let time = made_at(name).unwrap();
        assert_eq!(time.to_rfc3339(), "2026-11-19T07:08:09.012+00:00");
        assert_eq!(of(time), name);
        assert_eq!(made_at(&format!("{name}.gz")), Some(time));
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in [
            "usage-log-.json",
            "usage-log-2026-11-19-07-08-09.json",
            "usage-log-2026-11-19-07-08-09.0123.json",
            "usage-log-2026-13-19-07-08-09.012.json",
            "usage-log-2026-11-19-07-08-09.012.json.bak",
            "other-2026-11-19-07-08-09.012.json",
            "usage-log.lock",
        ] {
            assert_eq!(made_at(name), None, "{name}");
        }
    }
}
