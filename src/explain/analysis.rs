//! One statement run once, and what it took.

use std::time::{Duration, Instant};

use super::plan;
use crate::measure::{Failure, Reason};
use crate::relation::Dialect;
use crate::source::database::Session;

/// What a statement took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Analysis {
    pub elapsed: Duration,
    /// Pages that were in memory, and pages that were not; `None` where the database does not say.
    pub pages: Option<(u64, u64)>,
}

/// Runs the statement, as read-only and as long as any other of the session; its rows are looked at by nobody.
///
/// # Errors
/// As any statement of the session.
pub(super) async fn run(session: &mut Session, sql: &str) -> Result<Analysis, Failure> {
    match session.dialect() {
        Dialect::Postgres => {
            let text = document(
                session,
                &format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}"),
            )
            .await?;
            let measured = plan::measured(&text)?;
            Ok(Analysis {
                elapsed: Duration::from_secs_f64((measured.milliseconds / 1000.0).max(0.0)),
                pages: Some((measured.pages_found, measured.pages_read)),
            })
        }
        Dialect::Sqlite => {
            let begun = Instant::now();
            session.values(sql, &mut |_| {}).await?;
            Ok(Analysis {
                elapsed: begun.elapsed(),
                pages: None,
            })
        }
    }
}

/// The one text that an EXPLAIN answers with.
///
/// # Errors
/// As any statement of the session; `wrong_type` where there is none.
pub(super) async fn document(session: &mut Session, sql: &str) -> Result<String, Failure> {
    let rows = session.rows(sql).await?;
    let text = rows.into_iter().flatten().flatten().next();
    text.ok_or_else(|| Failure::new(Reason::WrongType, "the server gave no plan"))
}
