//! Intervals next to `:now`, folded into the instant so that both dialects, and every dump, agree.

use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, DateTimeField, Expr, Interval, TypedString, UnaryOperator, Value, ValueWithSpan,
};

/// An amount of time as PostgreSQL keeps it: months, days and the rest do not convert into each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    months: i64,
    days: i64,
    microseconds: i64,
}

/// What an expression says, if it is an interval: `Err` holds the text that was not understood.
pub(super) fn of(expr: &Expr) -> Option<Result<Amount, String>> {
    match expr {
        Expr::Nested(inner) => of(inner),
        Expr::Interval(interval) => Some(of_interval(interval)),
        Expr::TypedString(TypedString {
            data_type: DataType::Interval { .. },
            value,
            ..
        }) => Some(of_text(value, None)),
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr,
            data_type: DataType::Interval { .. },
            ..
        } => match expr.as_ref() {
            Expr::Value(value) => Some(of_text(value, None)),
            other => Some(Err(other.to_string())),
        },
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Multiply,
            right,
        } => {
            let (amount, times) = match (of(left), of(right)) {
                (Some(amount), None) => (amount, right),
                (None, Some(amount)) => (amount, left),
                _ => return None,
            };
            Some(amount.and_then(|amount| {
                times_of(times)
                    .and_then(|times| amount.times(times))
                    .ok_or(expr.to_string())
            }))
        }
        _ => None,
    }
}

/// A whole number, possibly in brackets and with a sign, as bound numbers are.
fn times_of(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Nested(inner) => times_of(inner),
        Expr::Value(ValueWithSpan {
            value: Value::Number(number, _),
            ..
        }) => number.parse().ok(),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => times_of(expr)?.checked_neg(),
        _ => None,
    }
}

/// An instant moved by an amount, months first, then days, then time, as PostgreSQL does; `None` past the calendar's end.
pub(super) fn moved(instant: DateTime<Utc>, amount: Amount, forward: bool) -> Option<DateTime<Utc>> {
    let Amount {
        months,
        days,
        microseconds,
    } = if forward { amount } else { amount.negated()? };
    let by_months = |months: i64| u32::try_from(months.unsigned_abs()).ok().map(Months::new);
    let by_days = Days::new(days.unsigned_abs());
    let instant = match months {
        0.. => instant.checked_add_months(by_months(months)?)?,
        _ => instant.checked_sub_months(by_months(months)?)?,
    };
    let instant = if days >= 0 {
        instant.checked_add_days(by_days)?
    } else {
        instant.checked_sub_days(by_days)?
    };
    instant.checked_add_signed(TimeDelta::microseconds(microseconds))
}

impl Amount {
    fn negated(self) -> Option<Amount> {
        Some(Amount {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            microseconds: self.microseconds.checked_neg()?,
        })
    }

    fn times(self, times: i64) -> Option<Amount> {
        Some(Amount {
            months: self.months.checked_mul(times)?,
            days: self.days.checked_mul(times)?,
            microseconds: self.microseconds.checked_mul(times)?,
        })
    }

    fn plus(self, other: Amount) -> Option<Amount> {
        Some(Amount {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            microseconds: self.microseconds.checked_add(other.microseconds)?,
        })
    }
}

fn of_interval(interval: &Interval) -> Result<Amount, String> {
    let unit = match &interval.leading_field {
        None => None,
        Some(field) if interval.last_field.is_none() => Some(field),
        Some(_) => return Err(interval.to_string()),
    };
    match interval.value.as_ref() {
        Expr::Value(value) => of_text(value, unit),
        other => Err(other.to_string()),
    }
}

fn of_text(value: &ValueWithSpan, unit: Option<&DateTimeField>) -> Result<Amount, String> {
    let (Value::SingleQuotedString(text) | Value::Number(text, _)) = &value.value else {
        return Err(value.to_string());
    };
    match unit {
        Some(unit) => parse(&format!("{text} {unit}")),
        None => parse(text),
    }
    .ok_or_else(|| text.clone())
}

/// Pairs of a number and a unit, a time `hh:mm[:ss]`, and `ago` at the end.
fn parse(text: &str) -> Option<Amount> {
    let spaced = separate_units(&text.to_ascii_lowercase());
    let mut words = spaced.split_whitespace().peekable();
    words.peek()?;
    let mut total = Amount::default();
    while let Some(word) = words.next() {
        if word == "ago" {
            return if words.next().is_none() { total.negated() } else { None };
        }
        let part = match word.contains(':') {
            true => clock(word)?,
            false => of_unit(word, words.next()?)?,
        };
        total = total.plus(part)?;
    }
    Some(total)
}

/// `2hours` as `2 hours`.
fn separate_units(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 4);
    let mut after_digit = false;
    for character in text.chars() {
        if after_digit && character.is_ascii_alphabetic() {
            spaced.push(' ');
        }
        after_digit = character.is_ascii_digit() || character == '.';
        spaced.push(character);
    }
    spaced
}

fn of_unit(number: &str, unit: &str) -> Option<Amount> {
    const SECOND: i64 = 1_000_000;
    let months = |months: i64| {
        Some(Amount {
            months: whole(number)?.checked_mul(months)?,
            ..Amount::default()
        })
    };
    let days = |days: i64| {
        Some(Amount {
            days: whole(number)?.checked_mul(days)?,
            ..Amount::default()
        })
    };
    let time = |each: i64| {
        Some(Amount {
            microseconds: scaled(number, each)?,
            ..Amount::default()
        })
    };
    match unit {
        "microsecond" | "microseconds" | "us" | "usec" | "usecs" => time(1),
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => time(1_000),
        "second" | "seconds" | "sec" | "secs" | "s" => time(SECOND),
        "minute" | "minutes" | "min" | "mins" | "m" => time(60 * SECOND),
        "hour" | "hours" | "hr" | "hrs" | "h" => time(3_600 * SECOND),
        "day" | "days" | "d" => days(1),
        "week" | "weeks" | "w" => days(7),
        "month" | "months" | "mon" | "mons" => months(1),
        "year" | "years" | "yr" | "yrs" | "y" => months(12),
        _ => None,
    }
}

fn whole(number: &str) -> Option<i64> {
    number.parse().ok()
}

/// A decimal number of units, exactly, in microseconds; finer parts are not understood.
fn scaled(number: &str, each: i64) -> Option<i64> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.len() > 18 || !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let product = format!("{whole}{fraction}")
        .parse::<i128>()
        .ok()?
        .checked_mul(i128::from(each))?;
    if product % scale != 0 {
        return None;
    }
    i64::try_from(product / scale).ok()?.checked_mul(sign)
}

fn clock(text: &str) -> Option<Amount> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = text.split(':');
    let hours = of_unit(parts.next()?, "hours")?;
    let minutes = of_unit(parts.next()?, "minutes")?;
    let seconds = parts
        .next()
        .map_or(Some(Amount::default()), |seconds| of_unit(seconds, "seconds"))?;
    let total = hours.plus(minutes)?.plus(seconds)?;
    match (parts.next(), negative) {
        (Some(_), _) => None,
        (None, true) => total.negated(),
        (None, false) => Some(total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(months: i64, days: i64, microseconds: i64) -> Option<Amount> {
        Some(Amount {
            months,
            days,
            microseconds,
        })
    }

    #[test]
    fn texts_are_read_as_postgresql_reads_them() {
        let hour = 3_600_000_000;
        assert_eq!(parse("2 hours"), amount(0, 0, 2 * hour));
        assert_eq!(parse("1 year 2 months 3 days"), amount(14, 3, 0));
        assert_eq!(parse("1.5 hours"), amount(0, 0, hour * 3 / 2));
        assert_eq!(parse("-1 week"), amount(0, -7, 0));
        assert_eq!(parse("2 days ago"), amount(0, -2, 0));
        assert_eq!(parse("-01:30"), amount(0, 0, -hour * 3 / 2));
        assert_eq!(parse("1 day 00:00:00.5"), amount(0, 1, 500_000));
        assert_eq!(parse("30d"), amount(0, 30, 0));
        for text in [
            "",
            "2",
            "hours",
            "1 fortnight",
            "1.5 months",
            "1:2:3:4",
            "9999999999999999999 days",
            "ago 2 days",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn months_end_on_the_last_day_and_come_before_days() {
        let start = DateTime::parse_from_rfc3339("2024-03-31T10:00:00Z").map(|instant| instant.to_utc());
        let moved = start
            .ok()
            .and_then(|start| moved(start, parse("1 month 1 day")?, false));
        assert_eq!(
            moved.map(|instant| instant.to_rfc3339()),
            Some("2024-02-28T10:00:00+00:00".into())
        );
    }
}
