//! Rows from tables: what stands in each cell, given an instant and a scale.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Duration, Utc};

use super::dice::Dice;
use super::{Column, ColumnType, Generator, SampleError, Skew, Table, tables};

/// The largest scale; ids stay far below what a 32-bit column holds.
pub(super) const MAX_SCALE: f64 = 1000.0;

/// How long the instance has been running.
const HISTORY_DAYS: i64 = 3 * 365;

/// A prime above every table's size at ordinary scales, so that steps of it visit all ids before one comes back.
const STRIDE: u64 = 1_000_003;

/// The value of one column of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Integer(i64),
    Boolean(bool),
    /// Texts, dates as `YYYY-MM-DD`, and times as `YYYY-MM-DD HH:MM:SS.ffffff` in UTC.
    Text(String),
}

/// One cell for each column, in the table's order.
pub type Row = Vec<Cell>;

/// An instant and a scale: all that a sample depends on.
#[derive(Debug, Clone)]
pub struct Filling {
    now: DateTime<Utc>,
    /// How many rows each table has.
    sizes: Arc<BTreeMap<&'static str, u64>>,
}

impl Filling {
    /// # Errors
    /// [`SampleError::Scale`] for a scale outside `(0, 1000]`, [`SampleError::Instant`] for a year that the history
    /// does not fit in.
    pub fn new(now: DateTime<Utc>, scale: f64) -> Result<Filling, SampleError> {
        if !(scale > 0.0 && scale <= MAX_SCALE) {
            return Err(SampleError::Scale(scale));
        }
        // Text timestamps compare as times only while every year has four digits.
        if !(1000..=9000).contains(&now.year()) {
            return Err(SampleError::Instant);
        }
        let sizes = tables().map(|table| (table.name, size(table, scale))).collect();
        Ok(Filling {
            now,
            sizes: Arc::new(sizes),
        })
    }

    /// How many rows the table of that name has; 0 for a name that no table has.
    pub fn rows(&self, table: &str) -> u64 {
        self.sizes.get(table).copied().unwrap_or(0)
    }

    /// All rows of the table, in the order of their keys.
    pub fn table(&self, table: &'static Table) -> impl Iterator<Item = Row> + use<> {
        let plans: Vec<ColumnPlan> = table.columns.iter().map(|column| self.plan(table, column)).collect();
        let rows = self.rows(table.name);
        (0..rows).map(move |index| plans.iter().map(|plan| plan.cell(index)).collect())
    }

    fn plan(&self, table: &'static Table, column: &'static Column) -> ColumnPlan {
        ColumnPlan {
            filling: self.clone(),
            table: table.name,
            rows: self.rows(table.name),
            column,
            dice: Dice::new(table.name, column.name),
            birth: Dice::new(table.name, "created"),
        }
    }

    /// The instant at which a share of the instance's history had passed; growth makes later shares denser.
    fn at_share(&self, share: f64) -> DateTime<Utc> {
        let rest = 1.0 - share;
        let age = (rest * rest * micros(Duration::days(HISTORY_DAYS)) as f64) as i64;
        self.now - Duration::microseconds(age)
    }
}

/// A column of a table of known size: all that is needed to fill a cell.
struct ColumnPlan {
    filling: Filling,
    table: &'static str,
    rows: u64,
    column: &'static Column,
    dice: Dice,
    /// One for all columns of a table, so that all of them agree when a row came to be.
    birth: Dice,
}

impl ColumnPlan {
    fn cell(&self, index: u64) -> Cell {
        self.draw(&self.column.generator, self.dice, index)
    }

    fn draw(&self, generator: &Generator, dice: Dice, index: u64) -> Cell {
        match *generator {
            Generator::Null => Cell::Null,
            Generator::Integer(value) => Cell::Integer(value),
            Generator::Boolean(value) => Cell::Boolean(value),
            Generator::Text(text) => Cell::Text(text.to_owned()),
            Generator::Numbered(prefix) => Cell::Text(format!("{prefix}-{}", index + 1)),
            Generator::Ordinal(from) => Cell::Integer(from + index as i64),
            Generator::Listed(texts) => listed(texts, index),
            Generator::Pick(table, skew) => id(skewed(dice, index, self.filling.rows(table), skew)),
            Generator::Each(table) | Generator::Spread(table) => id(self.proportional(index, table)),
            Generator::Scatter(table) => id(index.wrapping_mul(STRIDE) % self.filling.rows(table).max(1)),
            Generator::Between(from, to, skew) => {
                let span = from.abs_diff(to) + 1;
                Cell::Integer(from + skewed(dice, index, span, skew) as i64)
            }
            Generator::Created => self.time(self.created(index)),
            Generator::Later(days) => self.time(self.later(dice, index, days)),
            Generator::Ago(hours) => {
                self.time(self.filling.now - part(dice, index, Duration::hours(hours), Skew::Strong))
            }
            Generator::DayFromNow(from, to) => {
                let days = from + dice.below(index, from.abs_diff(to) + 1) as i64;
                self.time(self.filling.now + Duration::days(days))
            }
            Generator::OneOf(label, arms) => self.one_of(label, arms, dice, index),
        }
    }

    /// The place in another table that lies as far along as this row does in its own.
    fn proportional(&self, index: u64, table: &str) -> u64 {
        let other = u128::from(self.filling.rows(table));
        (u128::from(index) * other / u128::from(self.rows.max(1))) as u64
    }

    fn created(&self, index: u64) -> DateTime<Utc> {
        let jitter = self.birth.unit(index);
        self.filling.at_share((index as f64 + jitter) / self.rows as f64)
    }

    fn later(&self, dice: Dice, index: u64, days: i64) -> DateTime<Utc> {
        let time = self.created(index) + part(dice, index, Duration::days(days), Skew::Mild);
        time.min(self.filling.now)
    }

    fn one_of(&self, label: &str, arms: &[(u32, Generator)], dice: Dice, index: u64) -> Cell {
        let throw = if label.is_empty() {
            dice
        } else {
            Dice::new(self.table, label)
        };
        let total: u64 = arms.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut rest = throw.below(index, total);
        for (weight, generator) in arms {
            let weight = u64::from(*weight);
            if rest < weight {
                return self.draw(generator, dice.again(), index);
            }
            rest -= weight;
        }
        Cell::Null
    }

    fn time(&self, time: DateTime<Utc>) -> Cell {
        let format = if self.column.kind == ColumnType::Date {
            "%Y-%m-%d"
        } else {
            "%Y-%m-%d %H:%M:%S%.6f"
        };
        Cell::Text(time.format(format).to_string())
    }
}

/// A table's rows at a scale: never none.
fn size(table: &Table, scale: f64) -> u64 {
    if table.fixed {
        return table.rows;
    }
    ((table.rows as f64 * scale).round() as u64).max(1)
}

fn listed(texts: &[&str], index: u64) -> Cell {
    let place = index.checked_rem(texts.len() as u64).unwrap_or(0);
    texts
        .get(place as usize)
        .map_or(Cell::Null, |text| Cell::Text((*text).to_owned()))
}

fn id(index: u64) -> Cell {
    Cell::Integer(index as i64 + 1)
}

/// A draw in `0..bound` that favours low numbers as the skew says.
fn skewed(dice: Dice, index: u64, bound: u64, skew: Skew) -> u64 {
    let even = dice.unit(index);
    let unit = match skew {
        Skew::Even => even,
        Skew::Mild => even * even,
        Skew::Strong => even * even * even,
    };
    // The product may round up to the bound itself.
    ((unit * bound as f64) as u64).min(bound.saturating_sub(1))
}

fn part(dice: Dice, index: u64, whole: Duration, skew: Skew) -> Duration {
    Duration::microseconds(skewed(dice, index, micros(whole).unsigned_abs(), skew) as i64)
}

fn micros(duration: Duration) -> i64 {
    duration.num_microseconds().unwrap_or(i64::MAX)
}
