//! Hours of the day: `22:00-06:00`.

use std::fmt;

use chrono::{NaiveTime, Timelike};

const MINUTES_OF_AN_HOUR: u32 = 60;
const MINUTES_OF_A_DAY: u32 = 24 * MINUTES_OF_AN_HOUR;

/// A part of every day, from a minute on until another; over midnight where the end comes before the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Minutes since midnight.
    from: u32,
    until: u32,
}

impl Hours {
    /// Two ends such as `22:00-06:00`; `24:00` is the midnight at the end of the day. `None` for anything else, and where
    /// both ends are the same: that would be a whole day to one reader, and nothing to another.
    pub fn parse(text: &str) -> Option<Hours> {
        let (from, until) = text.split_once('-')?;
        let hours = Hours {
            from: minute_of_day(from.trim())?,
            until: minute_of_day(until.trim())?,
        };
        (hours.from != hours.until && hours.from < MINUTES_OF_A_DAY).then_some(hours)
    }

    /// Whether they last at `time`: the first minute belongs to them, the last one does not.
    pub fn contain(self, time: NaiveTime) -> bool {
        let minute = time.hour() * MINUTES_OF_AN_HOUR + time.minute();
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / MINUTES_OF_AN_HOUR, minute % MINUTES_OF_AN_HOUR);
        write!(f, "{}-{}", clock(self.from), clock(self.until))
    }
}

fn minute_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || minute.len() != 2 || !is_number(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let of_day = hour * MINUTES_OF_AN_HOUR + minute;
    (minute < MINUTES_OF_AN_HOUR && of_day <= MINUTES_OF_A_DAY).then_some(of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(hours: &str, time: &str) -> bool {
        let time = NaiveTime::parse_from_str(time, "%H:%M:%S").expect("a time");
        Hours::parse(hours).expect("hours").contain(time)
    }

    #[test]
    fn within_a_day() {
        for (time, expected) in [
            ("08:59:59", false),
            ("09:00:00", true),
            ("16:59:59", true),
            ("17:00:00", false),
        ] {
            assert_eq!(contains("9:00-17:00", time), expected, "{time}");
        }
        assert!(contains("00:00-24:00", "23:59:59") && contains("00:00-24:00", "00:00:00"));
    }

    #[test]
    fn over_midnight() {
        for (time, expected) in [
            ("21:59:59", false),
            ("22:00:00", true),
            ("00:00:00", true),
            ("05:59:59", true),
            ("06:00:00", false),
        ] {
            assert_eq!(contains("22:00-06:00", time), expected, "{time}");
        }
        assert!(contains("22:00-00:00", "23:00:00") && !contains("22:00-00:00", "00:00:00"));
    }

    #[test]
    fn they_are_shown_as_they_are_written() {
        for (written, shown) in [("22:00-06:00", "22:00-06:00"), ("9:05 - 24:00", "09:05-24:00")] {
            assert_eq!(
                Hours::parse(written).map(|hours| hours.to_string()).as_deref(),
                Some(shown)
            );
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "22:00",
            "22-6",
            "22:00-",
            "25:00-06:00",
            "22:60-06:00",
            "24:01-06:00",
            "24:00-06:00",
            "6:0-7:00",
            "+6:00-7:00",
            "06:00-06:00",
        ] {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
    }
}
