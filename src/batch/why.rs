//! Why measures are read together, or one by itself.

use std::fmt::{self, Display, Formatter};

/// The reason of a scan, with the numbers that it rests on; costs are in units of the database's planner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// Sharing is switched off.
    Separate,
    /// Sharing was asked for, whatever it costs.
    Asked { cost: f64 },
    /// What it asks cannot stand beside others.
    Obstacle(Obstacle),
    /// No other measure can stand in its statement.
    Lone { cost: Option<f64> },
    /// The table fits into one statement.
    Small,
    /// The database tells no costs.
    OnePass,
    /// A shared scan costs less.
    Together { cost: f64, apart: f64 },
    /// Its groups beside those of others would be too many.
    Groups { cost: f64 },
    /// One statement under a condition that all of them have.
    Condition { cost: f64, apart: f64 },
    /// A place in the shared scan costs more than a statement of its own.
    OwnStatement { cost: f64, riding: f64 },
    /// A shared scan would cost more than all of its measures apart.
    NoScan { cost: f64, together: f64, apart: f64 },
    /// It joins, which would cost every row of the shared scan more than a pass of its own.
    Joins { cost: f64 },
}

/// What keeps a measure from sharing a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It has a start or a finish of its own.
    Bounded,
    /// Its distinct values are counted in ranges of themselves.
    DistinctValues,
    /// Its values are streamed, a row each.
    Values,
    Histogram,
    /// One statement cannot tell its rows from those of the others.
    Rows,
}

impl Why {
    /// As it stands in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Why::Separate => "separate",
            Why::Asked { .. } => "asked",
            Why::Obstacle(_) => "cannot_share",
            Why::Lone { .. } => "alone",
            Why::Small => "small_table",
            Why::OnePass => "one_pass",
            Why::Together { .. } => "cheaper_together",
            Why::Groups { .. } => "many_groups",
            Why::Condition { .. } => "common_condition",
            Why::OwnStatement { .. } => "cheaper_alone",
            Why::NoScan { .. } => "cheaper_apart",
            Why::Joins { .. } => "joins_apart",
        }
    }

    /// What the scan costs, where the planner was asked.
    pub fn cost(self) -> Option<f64> {
        match self {
            Why::Separate | Why::Obstacle(_) | Why::Small | Why::OnePass => None,
            Why::Lone { cost } => cost,
            Why::Asked { cost }
            | Why::Together { cost, .. }
            | Why::Groups { cost }
            | Why::Joins { cost }
            | Why::Condition { cost, .. }
            | Why::OwnStatement { cost, .. }
            | Why::NoScan { cost, .. } => Some(cost),
        }
    }

    /// What the measures of the scan would cost in statements of their own, where that was weighed.
    pub fn apart(self) -> Option<f64> {
        match self {
            Why::Together { apart, .. } | Why::Condition { apart, .. } => Some(apart),
            _ => None,
        }
    }
}

impl Display for Why {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Why::Separate => write!(f, "separate readings were asked for"),
            Why::Asked { cost } => write!(f, "sharing was asked for; it costs {}", Units(cost)),
            Why::Obstacle(obstacle) => write!(f, "{obstacle}"),
            Why::Lone { cost: None } => write!(f, "no other metric can stand in its statement"),
            Why::Lone { cost: Some(cost) } => {
                write!(
                    f,
                    "no other metric can stand in its statement, which costs {}",
                    Units(cost)
                )
            }
            Why::Small => write!(f, "the table is small: one statement reads it once for all of them"),
            Why::OnePass => write!(f, "SQLite tells no costs: the table is read once for all of them"),
            Why::Together { cost, apart } => {
                write!(f, "together they cost {}, apart {}", Units(cost), number(apart))
            }
            Why::Groups { .. } => {
                write!(
                    f,
                    "its groups beside those of others would be too many for one statement"
                )
            }
            Why::Condition { cost, apart } => write!(
                f,
                "they have a condition in common: under it they cost {} together, {} apart",
                Units(cost),
                number(apart)
            ),
            Why::OwnStatement { cost, riding } => write!(
                f,
                "by itself it costs {}, a place in the scan of its table {} more",
                Units(cost),
                number(riding)
            ),
            Why::Joins { cost } => write!(
                f,
                "it joins: a pass of its own costs {}, less than to join all rows of the shared scan",
                Units(cost)
            ),
            Why::NoScan { cost, together, apart } => write!(
                f,
                "by itself it costs {}; a shared scan of its table would cost {}, what would stand in it {} apart",
                Units(cost),
                number(together),
                number(apart)
            ),
        }
    }
}

impl Display for Obstacle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Obstacle::Bounded => "it is read alone: it has a start or a finish of its own",
            Obstacle::DistinctValues => "it is read alone: its distinct values are counted in ranges of themselves",
            Obstacle::Values => "it is read alone: its values are fetched one by one",
            Obstacle::Histogram => "it is read alone: a histogram is one statement over all rows",
            Obstacle::Rows => "it is read alone: one statement cannot tell its rows from those of others",
        })
    }
}

/// A number of planner units.
struct Units(f64);

impl Display for Units {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} planner units", number(self.0))
    }
}

/// Small costs are told apart, large ones need no digits after the point.
fn number(cost: f64) -> String {
    match cost {
        ..10.0 => format!("{cost:.1}"),
        _ => format!("{cost:.0}"),
    }
}
