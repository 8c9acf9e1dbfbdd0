//! The one statement that gives what a measure gives, for dumps, dictionaries and reviews.

use super::Measure;
use crate::relation::{Dialect, RelationError};

impl Measure {
    /// The whole, un-batched statement of a measure in GitLab's spelling (spec 11.1); `dialect` tells how a named database
    /// speaks. `None` where no database is asked, or where one statement cannot give it, as an aggregate of sketches.
    ///
    /// # Errors
    /// A form that the dialect has not.
    pub fn statement(&self, dialect: &dyn Fn(&str) -> Dialect) -> Option<Result<String, RelationError>> {
        match self {
            Measure::Database(measure) => {
                let dialect = dialect(&measure.database);
                if measure.estimate.is_some() {
                    return Some(measure.relation.row_estimate(dialect));
                }
                let column = measure.counted_column();
                Some(measure.relation.statement(dialect, measure.operation, column.as_ref()))
            }
            Measure::SqlValue(measure) => Some(measure.query.render(dialect(&measure.database))),
            Measure::Sum(parts) => sum(parts, dialect),
            _ => None,
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
