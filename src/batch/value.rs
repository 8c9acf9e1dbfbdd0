//! The one value of one query.

use serde_json::Value;

use crate::measure::{Failure, Reading, Reason, SqlValueMeasure};
use crate::source::database::Session;

/// The first column of the only row; no row is no value.
///
/// # Errors
/// As any statement of the session; `wrong_type` where there are several rows.
pub(super) async fn read(session: &mut Session, measure: &SqlValueMeasure) -> Result<Reading, Failure> {
    let sql = measure
        .query
        .render(session.dialect())
        .map_err(super::scan::unwritable)?;
    let rows = session.rows(&sql).await?;
    if rows.len() > 1 {
        return Err(Failure::new(
            Reason::WrongType,
            format!("the query gives {} rows instead of one", rows.len()),
        ));
    }
    let cell = rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    Ok(cell.map_or(Reading::Empty, |text| Reading::Value(Value::from(text))))
}
