//! Counters and sums: numbers as text, in the form in which Redis prints them.
//!
//! Sums are added as exact decimals of up to 28 digits, 17 of them after the point as in Redis: 5000.3 stays 5000.3, where
//! Redis' long doubles come to 5000.29999999999999982. Beyond that range they are added as 64-bit floats.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// Digits after the point, as Redis keeps them.
const PLACES: u32 = 17;

/// A counter or a sum. A sum that comes to an integer is one, as in Redis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Decimal(Decimal),
    Float(f64),
}

impl Number {
    pub(super) const ZERO: Number = Number::Integer(0);

    /// The number that the text shows; `None` if it shows none.
    pub(super) fn parse(text: &str) -> Option<Number> {
        let integer = text.parse().map(Number::Integer);
        let decimal = || Decimal::from_str(text).map(of_decimal);
        integer
            .or_else(|_| decimal())
            .ok()
            .or_else(|| text.parse().ok().and_then(of_float))
    }

    /// The number that is nearest to the float as it prints; `None` for an infinity and what is no number.
    pub(super) fn from_float(float: f64) -> Option<Number> {
        float.is_finite().then(|| Number::parse(&float.to_string())).flatten()
    }

    /// `None` if the sum has no end.
    pub(super) fn plus(self, other: Number) -> Option<Number> {
        let exact = self
            .decimal()
            .zip(other.decimal())
            .and_then(|(one, other)| one.checked_add(other));
        match exact {
            Some(decimal) => Some(of_decimal(decimal)),
            None => of_float(self.float() + other.float()),
        }
    }

    /// `None` if the difference has no end.
    pub(super) fn minus(self, other: Number) -> Option<Number> {
        let negative = match other.decimal() {
            Some(decimal) => of_decimal(-decimal),
            None => Number::Float(-other.float()),
        };
        self.plus(negative)
    }

    /// The nearest float.
    pub(super) fn float(self) -> f64 {
        match self {
            Number::Integer(integer) => integer as f64,
            // By way of the text, which rounds once and right; a decimal's text is always a float's.
            Number::Decimal(decimal) => decimal.to_string().parse().unwrap_or(f64::NAN),
            Number::Float(float) => float,
        }
    }

    fn decimal(self) -> Option<Decimal> {
        match self {
            Number::Integer(integer) => Some(Decimal::from(integer)),
            Number::Decimal(decimal) => Some(decimal),
            Number::Float(_) => None,
        }
    }
}

fn of_decimal(decimal: Decimal) -> Number {
    let decimal = decimal.round_dp(PLACES).normalize();
    match i64::try_from(decimal) {
        Ok(integer) if decimal.is_integer() => Number::Integer(integer),
        _ => Number::Decimal(decimal),
    }
}

fn of_float(float: f64) -> Option<Number> {
    float.is_finite().then_some(Number::Float(float))
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(integer) => integer.fmt(formatter),
            Number::Decimal(decimal) => decimal.fmt(formatter),
            Number::Float(float) => float.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    fn sum(parts: &[f64]) -> String {
        let add = |sum: Number, part: &f64| sum.plus(Number::from_float(*part).unwrap()).unwrap();
        parts.iter().fold(Number::ZERO, add).to_string()
    }

    #[test]
    fn prints_as_redis_does() {
        assert_eq!(sum(&[3.0, 10.5]), "13.5");
        assert_eq!(sum(&[0.1, 0.2]), "0.3");
        assert_eq!(sum(&[1.5, -0.5]), "1");
        assert_eq!(sum(&[-0.0]), "0");
        assert_eq!(sum(&[1e-20]), "0");
        assert_eq!(sum(&[3e20]), "300000000000000000000");
        // A float this large prints as zeros what it cannot tell.
        assert_eq!(sum(&[9_223_372_036_854_775_807.0, 1.0]), "9223372036854776001");
    }

    #[test]
    fn numbers_beyond_decimals_are_floats() {
        assert_eq!(sum(&[1e300, 1.0]), 1e300.to_string());
        assert_eq!(sum(&[1e300, -1e300]), "0");
        let most = Number::from_float(f64::MAX).unwrap();
        assert_eq!(most.plus(most), None);
        assert_eq!(Number::from_float(f64::NAN), None);
    }

    #[test]
    fn text_is_read_back_as_it_was() {
        for text in ["0", "-7", "10.5", "0.3", "300000000000000000000"] {
            assert_eq!(Number::parse(text).unwrap().to_string(), text);
        }
        let huge = 1.5e300.to_string();
        assert_eq!(Number::parse(&huge).unwrap().to_string(), huge);
        for text in ["", "ten", "inf", "NaN"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
