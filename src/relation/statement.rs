//! The single statement of a metric, as dumps print it.

use super::{Aggregate, Column, Dialect, Operation, Relation, RelationError};

impl Relation {
    /// The whole, un-batched statement of an operation (spec 11.1). Without a column, rows are counted. An estimate is
    /// shown as the exact count that it estimates.
    ///
    /// # Errors
    ///
    /// An operation other than count without a column; otherwise as [`select`](Self::select) and
    /// [`histogram`](Self::histogram).
    pub fn statement(
        &self,
        dialect: Dialect,
        operation: Operation,
        column: Option<&Column>,
    ) -> Result<String, RelationError> {
        let aggregate = match (operation, column) {
            (Operation::Count, None) => Aggregate::CountRows,
            (Operation::Count, Some(column)) => Aggregate::Count(column.clone()),
            (_, None) => {
                return Err(RelationError::new("the operation needs a column").help("name it under `column`"));
            }
            (Operation::DistinctCount | Operation::EstimateBatchDistinctCount, Some(column)) => {
                Aggregate::CountDistinct(column.clone())
            }
            (Operation::Sum, Some(column)) => Aggregate::Sum(column.clone()),
            (Operation::Average, Some(column)) => Aggregate::Average(column.clone()),
            (Operation::Histogram { from, to, size }, Some(column)) => {
                return self.histogram(dialect, column, from, to, size);
            }
        };
        self.select(dialect, &[aggregate], None)
    }
}
