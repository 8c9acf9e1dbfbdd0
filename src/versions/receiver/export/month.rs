//! A month of UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};

use crate::versions::receiver::store::Span;

/// A month, spelled `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month(NaiveDate);

impl Month {
    /// The last one that has ended.
    pub fn before(now: DateTime<Utc>) -> Month {
        let first = now.date_naive().with_day(1).unwrap_or_default();
        Month(first.checked_sub_months(Months::new(1)).unwrap_or(first))
    }

    /// Its first instant, and that of the month after.
    pub(in crate::versions::receiver) fn span(self) -> Span {
        let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let next = self.0.checked_add_months(Months::new(1)).unwrap_or(self.0);
        Span {
            from: begin(self.0),
            to: begin(next),
        }
    }

    /// Whether it is over.
    pub fn has_ended(self, now: DateTime<Utc>) -> bool {
        self.span().to <= now
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Month, String> {
        let is_spelled = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
        let day = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        match day {
            Ok(day) if is_spelled => Ok(Month(day)),
            _ => Err("spell the month as in 2026-11".to_owned()),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.format("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use super::Month;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let month: Month = "2026-12".parse().unwrap();
        let span = month.span();
        assert_eq!(span.from.to_rfc3339(), "2026-12-01T00:00:00+00:00");
        assert_eq!(span.to.to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert!(month.has_ended(span.to) && !month.has_ended(span.from));
        assert_eq!(month.to_string(), "2026-12");
        assert_eq!(Month::before("2027-01-31T23:59:59Z".parse().unwrap()), month);
        for text in ["2026", "2026-13", "2026-1", "26-01", "2026-01-01", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
