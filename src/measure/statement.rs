//! The one statement that gives what a measure gives, for dumps, dictionaries and reviews.

use super::{DatabaseMeasure, Measure, RowEstimate};
use crate::relation::{Dialect, RelationError};

impl Measure {
    /// The whole, un-batched statement of a measure in GitLab's spelling (spec 11.1); `dialect` tells how a named database
    /// speaks. `None` where no database is asked, or where one statement cannot give it, as an aggregate of sketches.
    ///
    /// # Errors
    /// A form that the dialect has not.
    pub fn statement(&self, dialect: &dyn Fn(&str) -> Dialect) -> Option<Result<String, RelationError>> {
        match self {
            Measure::Database(measure) => Some(measure.statement(dialect(&measure.database))),
            Measure::SqlValue(measure) => Some(measure.query.render(dialect(&measure.database))),
            Measure::Sum(parts) => sum(parts, dialect),
            _ => None,
        }
    }
}

impl DatabaseMeasure {
    /// The whole, un-batched statement; where an estimate may stand for the count, the one that asks for it.
    ///
    /// # Errors
    /// A form that the dialect has not.
    pub fn statement(&self, dialect: Dialect) -> Result<String, RelationError> {
        match self.estimate {
            Some(RowEstimate::Reltuples) => self.relation.row_estimate(dialect),
            None => {
                let column = self.counted_column();
                self.relation.statement(dialect, self.operation, column.as_ref())
            }
        }
    }
}

fn sum(parts: &[Measure], dialect: &dyn Fn(&str) -> Dialect) -> Option<Result<String, RelationError>> {
    let statements: Option<Vec<_>> = parts.iter().map(|part| part.statement(dialect)).collect();
    let statements: Result<Vec<String>, RelationError> = statements?.into_iter().collect();
    Some(statements.map(|statements| {
        let terms: Vec<String> = statements.iter().map(|statement| format!("({statement})")).collect();
        format!("SELECT {}", terms.join(" + "))
    }))
}
