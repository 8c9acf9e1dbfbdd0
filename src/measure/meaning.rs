//! What a measure measures, in a spelling that does not depend on how its definition was written.

use super::{AggregateMeasure, Bound, DatabaseMeasure, Measure, RowEstimate};
use crate::relation::{Dialect, RelationError};

impl Measure {
    /// Equal texts measure the same. What only says how a table is read, such as the size of batches, is no part of it.
    ///
    /// # Errors
    /// A form that has no text.
    pub fn meaning(&self) -> Result<String, RelationError> {
        match self {
            Measure::Database(measure) => measure.meaning(),
            Measure::SqlValue(measure) => {
                let query = measure.query.render(Dialect::Postgres)?;
                Ok(format!("{}: {query}", measure.database))
            }
            Measure::Sum(parts) => Ok(format!("sum of {}", unordered(parts)?)),
            Measure::Aggregate(aggregate) => aggregate.meaning(),
            Measure::Event(_)
            | Measure::Prometheus(_)
            | Measure::Setting(_)
            | Measure::License(_)
            | Measure::Http(_)
            | Measure::Server(_)
            | Measure::GeoNodes
            | Measure::Fact(_)
            | Measure::Constant(_) => Ok(format!("{self:?}")),
        }
    }
}

impl DatabaseMeasure {
    fn meaning(&self) -> Result<String, RelationError> {
        let column = self.counted_column();
        let relation = self.relation.normal_text()?;
        let (start, finish) = (bound(self.start.as_ref())?, bound(self.finish.as_ref())?);
        let estimate = self.estimate.map_or("", |RowEstimate::Reltuples| ", by reltuples");
        Ok(format!(
            "{}: {:?} of {column:?} {relation}, {start} to {finish}{estimate}",
            self.database, self.operation
        ))
    }
}

fn bound(bound: Option<&Bound>) -> Result<String, RelationError> {
    match bound {
        None => Ok("the end".to_owned()),
        Some(Bound::Integer(integer)) => Ok(integer.to_string()),
        Some(Bound::Query(query)) => query.render(Dialect::Postgres),
    }
}

impl AggregateMeasure {
    fn meaning(&self) -> Result<String, RelationError> {
        Ok(format!("{:?} of {}", self.operator, unordered(&self.parts)?))
    }
}

/// Neither a sum nor a union asks for the order of its parts.
fn unordered(parts: &[Measure]) -> Result<String, RelationError> {
    let mut parts = parts.iter().map(Measure::meaning).collect::<Result<Vec<_>, _>>()?;
    parts.sort();
    Ok(parts.join("; "))
}
