//! The first and last integer that batches run over.

use crate::measure::{Bound, DatabaseMeasure, Failure, Reason};
use crate::relation::{Aggregate, Column, Relation};
use crate::source::database::{Database, DatabaseError, Row, Session};

/// Both ends belong to the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// The ends as given, or as the database knows them; `None` where there is no row.
///
/// # Errors
/// `bad_batch_configuration` where the ends are given in the wrong order or are no integers.
pub(super) async fn discover(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    column: &Column,
) -> Result<Option<Bounds>, Failure> {
    let first = given(session, measure.start.as_ref()).await?;
    let last = given(session, measure.finish.as_ref()).await?;
    let (first, last) = match (first, last) {
        (Some(first), Some(last)) => (first, last),
        (first, last) => {
            let Some(found) = found(session, database, measure, column).await? else {
                return Ok(None);
            };
            (first.unwrap_or(found.first), last.unwrap_or(found.last))
        }
    };
    let both_given = measure.start.is_some() && measure.finish.is_some();
    if first > last && both_given {
        let message = format!("start is {first}, which is after finish, {last}");
        return Err(Failure::new(Reason::BadBatchConfiguration, message));
    }
    Ok(Some(Bounds { first, last }))
}

/// An end that the definition gives; a query without a value, as MIN over an empty table, is 0 (spec 4.2, step 4).
async fn given(session: &mut Session, bound: Option<&Bound>) -> Result<Option<i64>, Failure> {
    match bound {
        None => Ok(None),
        Some(Bound::Integer(integer)) => Ok(Some(*integer)),
        Some(Bound::Query(query)) => {
            let sql = query
                .render(session.dialect())
                .map_err(|error| refused(&error.to_string()))?;
            let rows = session.rows(&sql).await?;
            let cell = rows.first().and_then(|row| row.first()).cloned().flatten();
            let text = cell.unwrap_or_else(|| "0".to_owned());
            text.parse()
                .map(Some)
                .map_err(|_| refused("start or finish gives something that is not an integer"))
        }
    }
}

async fn found(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    column: &Column,
) -> Result<Option<Bounds>, Failure> {
    if let Some(sql) = within_window(session, measure, column)? {
        match session.rows(&sql).await {
            Ok(rows) => return ends(&rows),
            // A window without an index: the whole table's ends cost nothing, and the batches stay bounded.
            Err(DatabaseError::Cancelled { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let rows = database.bounds(session, &of_table(session, measure, column)?).await?;
    ends(&rows)
}

/// The statement that is asked first for the ends.
///
/// # Errors
/// What the dialect cannot write.
pub(super) fn statement(session: &Session, measure: &DatabaseMeasure, column: &Column) -> Result<String, Failure> {
    match within_window(session, measure, column)? {
        Some(sql) => Ok(sql),
        None => of_table(session, measure, column),
    }
}

fn of_table(session: &Session, measure: &DatabaseMeasure, column: &Column) -> Result<String, Failure> {
    let table = measure.relation.base_of(&column.table);
    let source = table.unwrap_or_else(|| measure.relation.ungrouped());
    sql(source.select(session.dialect(), &extremes(column), None))
}

/// A window's rows lie close together: their ends spare the ranges before them. The fence keeps the planner from walking
/// the whole primary key in search of the first row of the window.
fn within_window(session: &Session, measure: &DatabaseMeasure, column: &Column) -> Result<Option<String>, Failure> {
    let Some((windowed, window)) = &measure.window else {
        return Ok(None);
    };
    let main = measure.relation.main_alias();
    if windowed.table != main || column.table != main || measure.relation.main_table().is_none() {
        return Ok(None);
    }
    let source: Relation = measure.relation.base().within(windowed, window);
    sql(source.fenced_bounds(session.dialect(), column)).map(Some)
}

fn extremes(column: &Column) -> [Aggregate; 2] {
    [Aggregate::Min(column.clone()), Aggregate::Max(column.clone())]
}

fn ends(rows: &[Row]) -> Result<Option<Bounds>, Failure> {
    let Some([Some(first), Some(last)]) = rows.first().map(Vec::as_slice) else {
        return Ok(None);
    };
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => Ok(Some(Bounds { first, last })),
        _ => Err(refused("the column that batches run over does not hold integers")),
    }
}

fn sql(rendered: Result<String, crate::relation::RelationError>) -> Result<String, Failure> {
    rendered.map_err(|error| Failure::new(Reason::InvalidStatement, error.to_string()))
}

fn refused(message: &str) -> Failure {
    Failure::new(Reason::BadBatchConfiguration, message)
}
