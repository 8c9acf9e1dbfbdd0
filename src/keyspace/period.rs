//! The days that a reading covers (spec 6.4).

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};

use super::error::EventError;
use crate::definition::TimeFrame;
use crate::relation::Window;

/// A range of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub start: NaiveDate,
    pub end: NaiveDate,
}

impl Period {
    pub fn new(start: NaiveDate, end: NaiveDate) -> Period {
        Period { start, end }
    }

    /// What a metric's time frame covers: from the date of `now` − 7 or 28 days to today. Others cover no range.
    pub fn of(time_frame: TimeFrame, now: DateTime<Utc>) -> Option<Period> {
        let days = match time_frame {
            TimeFrame::SevenDays => 7,
            TimeFrame::TwentyEightDays => 28,
            TimeFrame::All | TimeFrame::None => return None,
        };
        let end = now.date_naive();
        Some(Period {
            start: end.checked_sub_days(Days::new(days))?,
            end,
        })
    }

    /// Every day of the range.
    pub fn days(self) -> Vec<NaiveDate> {
        self.start.iter_days().take_while(|day| *day <= self.end).collect()
    }

    /// The Mondays of the weeks that a weekly reading covers: those of all days up to the Sunday before the week of the
    /// end, so that the week that still runs never counts.
    pub fn weeks(self) -> Vec<NaiveDate> {
        let Some(last) = self.last_sunday() else {
            return Vec::new();
        };
        let mut weeks: Vec<NaiveDate> = Vec::new();
        let mut day = self.start;
        while day <= last {
            let monday = monday_of(day);
            weeks.push(monday);
            match monday.checked_add_days(Days::new(7)) {
                Some(next) => day = next,
                None => break,
            }
        }
        weeks
    }

    /// [`weeks`](Self::weeks), and the instants that they cover.
    ///
    /// # Errors
    /// [`EventError::NoPeriod`] where there is none.
    pub fn whole_weeks(self) -> Result<(Vec<NaiveDate>, Window), EventError> {
        let weeks = self.weeks();
        let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else {
            return Err(self.holds_no("week"));
        };
        let sunday = last.checked_add_days(Days::new(6)).unwrap_or(*last);
        let window = window(*first, sunday);
        Ok((weeks, window))
    }

    /// [`days`](Self::days), and the instants that they cover.
    ///
    /// # Errors
    /// [`EventError::NoPeriod`] where the range is upside down.
    pub fn whole_days(self) -> Result<(Vec<NaiveDate>, Window), EventError> {
        if self.start > self.end {
            return Err(self.holds_no("day"));
        }
        Ok((self.days(), window(self.start, self.end)))
    }

    fn holds_no(self, unit: &'static str) -> EventError {
        EventError::NoPeriod {
            unit,
            from: self.start,
            to: self.end,
        }
    }

    /// Sunday of the end's week, a week before.
    fn last_sunday(self) -> Option<NaiveDate> {
        monday_of(self.end).checked_sub_days(Days::new(1))
    }
}

/// The Monday on or before `day`.
fn monday_of(day: NaiveDate) -> NaiveDate {
    let since = Days::new(u64::from(day.weekday().num_days_from_monday()));
    day.checked_sub_days(since).unwrap_or(day)
}

/// The instants that whole days cover, from the first day's start to the last day's end.
fn window(first: NaiveDate, last: NaiveDate) -> Window {
    let end = last.checked_add_days(Days::new(1)).unwrap_or(last);
    Window {
        from: first.and_time(NaiveTime::MIN).and_utc(),
        to: end.and_time(NaiveTime::MIN).and_utc(),
    }
}

/// `2020-53`: the ISO year and week.
pub fn week_of(day: NaiveDate) -> String {
    let mut text = String::with_capacity(8);
    push_week(&mut text, day);
    text
}

/// Appends [`week_of`]; every tracked event does, so that it formats nothing.
pub(super) fn push_week(text: &mut String, day: NaiveDate) {
    let week = day.iso_week();
    text.push_str(itoa::Buffer::new().format(week.year()));
    text.push('-');
    push_two_digits(text, week.week());
}

fn push_two_digits(text: &mut String, number: u32) {
    for digit in [number / 10 % 10, number % 10] {
        text.extend(char::from_digit(digit, 10));
    }
}

/// `2020-001`: the ISO year, which is not always the day's own, and the day of the year (spec 6.2).
pub(super) fn day_of(day: NaiveDate) -> String {
    format!("{}-{:03}", day.iso_week().year(), day.ordinal())
}
