//! Sums that lose nothing on the way: integers and decimals stay exact over any number of batches.

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::measure::{Failure, Number, Reason};

/// The sum of numbers as a database prints them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ExactSum {
    Integer(i128),
    /// Up to 28 digits.
    Decimal(Decimal),
    Float(f64),
}

impl Default for ExactSum {
    fn default() -> Self {
        ExactSum::Integer(0)
    }
}

impl ExactSum {
    /// # Errors
    /// `wrong_type` where the text is no number, `overflow` where the sum cannot be held, `data_exception` for NaN and
    /// infinities.
    pub(super) fn add(&mut self, text: &str) -> Result<(), Failure> {
        *self = plus(*self, parse(text)?)?;
        Ok(())
    }

    /// # Errors
    /// `overflow` where the sum has no place in 64 bits.
    pub(super) fn total(self) -> Result<Number, Failure> {
        match self {
            ExactSum::Integer(sum) => i64::try_from(sum).map(Number::Integer).map_err(|_| overflow()),
            ExactSum::Decimal(sum) => Ok(Number::Float(float(sum)?)),
            ExactSum::Float(sum) if sum.is_finite() => Ok(Number::Float(sum)),
            ExactSum::Float(_) => Err(overflow()),
        }
    }

    /// The sum over a number of rows, which is not 0.
    pub(super) fn over(self, rows: i64) -> Result<Number, Failure> {
        let sum = match self {
            ExactSum::Integer(sum) => sum as f64,
            ExactSum::Decimal(sum) => float(sum)?,
            ExactSum::Float(sum) => sum,
        };
        Ok(Number::Float(sum / rows as f64))
    }
}

impl ExactSum {
    /// Exactly as it is: a float by its bits.
    pub(super) fn to_text(self) -> String {
        match self {
            ExactSum::Integer(sum) => format!("i{sum}"),
            ExactSum::Decimal(sum) => format!("d{sum}"),
            ExactSum::Float(sum) => format!("f{:x}", sum.to_bits()),
        }
    }

    /// What [`ExactSum::to_text`] has written.
    pub(super) fn from_text(text: &str) -> Option<ExactSum> {
        let (kind, number) = text.split_at_checked(1)?;
        match kind {
            "i" => number.parse().ok().map(ExactSum::Integer),
            "d" => Decimal::from_str(number).ok().map(ExactSum::Decimal),
            "f" => {
                let bits = u64::from_str_radix(number, 16).ok()?;
                Some(ExactSum::Float(f64::from_bits(bits)))
            }
            _ => None,
        }
    }

    /// # Errors
    /// `overflow` where the sum cannot be held.
    pub(super) fn merge(&mut self, other: ExactSum) -> Result<(), Failure> {
        *self = plus(*self, other)?;
        Ok(())
    }
}

fn parse(text: &str) -> Result<ExactSum, Failure> {
    if let Ok(integer) = text.parse::<i128>() {
        return Ok(ExactSum::Integer(integer));
    }
    if let Ok(decimal) = Decimal::from_str(text) {
        return Ok(ExactSum::Decimal(decimal));
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(ExactSum::Float(float)),
        Ok(_) => Err(Failure::new(Reason::DataException, "the result is not a finite number")),
        Err(_) => Err(Failure::new(Reason::WrongType, "the result is not a number")),
    }
}

fn plus(a: ExactSum, b: ExactSum) -> Result<ExactSum, Failure> {
    let sum = match (a, b) {
        (ExactSum::Integer(a), ExactSum::Integer(b)) => a.checked_add(b).map(ExactSum::Integer),
        (ExactSum::Float(a), b) => Some(ExactSum::Float(a + lossy(b)?)),
        (a, ExactSum::Float(b)) => Some(ExactSum::Float(lossy(a)? + b)),
        (a, b) => match (decimal(a), decimal(b)) {
            (Some(exact_a), Some(exact_b)) => exact_a.checked_add(exact_b).map(ExactSum::Decimal),
            _ => Some(ExactSum::Float(lossy(a)? + lossy(b)?)),
        },
    };
    sum.ok_or_else(overflow)
}

fn decimal(sum: ExactSum) -> Option<Decimal> {
    match sum {
        ExactSum::Integer(integer) => Decimal::try_from_i128_with_scale(integer, 0).ok(),
        ExactSum::Decimal(decimal) => Some(decimal),
        ExactSum::Float(_) => None,
    }
}

fn lossy(sum: ExactSum) -> Result<f64, Failure> {
    match sum {
        ExactSum::Integer(integer) => Ok(integer as f64),
        ExactSum::Decimal(decimal) => float(decimal),
        ExactSum::Float(float) => Ok(float),
    }
}

/// By way of the text, which rounds once and right.
fn float(decimal: Decimal) -> Result<f64, Failure> {
    decimal.to_string().parse().map_err(|_| overflow())
}

fn overflow() -> Failure {
    Failure::new(Reason::Overflow, "the sum does not fit into 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[&str]) -> Result<Number, Failure> {
        let mut sum = ExactSum::default();
        parts.iter().try_for_each(|part| sum.add(part))?;
        sum.total()
    }

    #[test]
    fn integers_and_decimals_stay_exact() {
        assert_eq!(
            sum(&["9007199254740993", "1", "-2"]),
            Ok(Number::Integer(9_007_199_254_740_992))
        );
        assert_eq!(sum(&["0.1", "0.2", "3"]), Ok(Number::Float(3.3)));
        assert_eq!(sum(&["1e300", "1"]), Ok(Number::Float(1e300)));
    }

    #[test]
    fn a_sum_that_leaves_64_bits_is_an_overflow_even_if_a_part_fits() {
        let max = i64::MAX.to_string();
        assert_eq!(
            sum(&[&max, "1"]).map_err(|failure| failure.reason),
            Err(Reason::Overflow)
        );
        assert_eq!(sum(&[&max, "1", "-1"]), Ok(Number::Integer(i64::MAX)));
    }

    #[test]
    fn what_is_no_number_is_named() {
        assert_eq!(
            sum(&["01:30:00"]).map_err(|failure| failure.reason),
            Err(Reason::WrongType)
        );
        assert_eq!(
            sum(&["NaN"]).map_err(|failure| failure.reason),
            Err(Reason::DataException)
        );
    }
}
