//! The number of rows that a database's statistics have, where a class lets it stand for a count.

use super::scan::unwritable;
use crate::measure::{DatabaseMeasure, Failure, Number, Reading, Reason};
use crate::relation::{Dialect, MainTable};
use crate::source::database::{Database, Session};

/// The number; `None` where rows are to be counted: nobody asks for an estimate, or the table was never analysed.
///
/// # Errors
/// As a look at the catalogue.
pub(super) async fn read(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<Option<Reading>, Failure> {
    if measure.estimate.is_none() || !has_statistics(session, database, measure).await? {
        return Ok(None);
    }
    let sql = measure.relation.row_estimate(session.dialect()).map_err(unwritable)?;
    let rows = session.rows(&sql).await?;
    let Some(rows) = rows.into_iter().flatten().next().flatten() else {
        return Ok(None);
    };
    match rows.parse() {
        Ok(rows) => Ok(Some(Reading::Number(Number::Integer(rows)))),
        Err(_) => Err(Failure::new(Reason::WrongType, "the statistics hold no number of rows")),
    }
}

/// SQLite keeps its statistics in a table that the first ANALYZE makes.
async fn has_statistics(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
) -> Result<bool, Failure> {
    let Some(main) = measure.relation.main_table() else {
        return Ok(false);
    };
    if session.dialect() == Dialect::Postgres {
        return Ok(true);
    }
    let statistics = MainTable {
        schema: main.schema.clone(),
        name: "sqlite_stat1".to_owned(),
        alias: "sqlite_stat1".to_owned(),
    };
    let has_them = database.table(session, &statistics).await?.is_some();
    // Numbers of a table that was dropped, or is misspelt, are no rows: the count says what is wrong.
    Ok(has_them && database.table(session, main).await?.is_some())
}
