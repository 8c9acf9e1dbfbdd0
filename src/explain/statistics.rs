//! What is known of the tables of a statement before it runs.

use std::collections::BTreeMap;

use crate::relation::{Dialect, MainTable};
use crate::source::database::{Database, DatabaseError, Session, TableKind};

/// What PostgreSQL assumes of a page at random, if nobody says otherwise.
const RANDOM_PAGE_COST: f64 = 4.0;

/// Tables of one statement, by the names that plans give them.
#[derive(Debug, Clone, Default)]
pub(super) struct Statistics {
    /// Blocks by the table's name.
    pub blocks: BTreeMap<String, u64>,
    /// Rows by the table's name and by its alias.
    pub rows: BTreeMap<String, u64>,
    pub random_page_cost: f64,
}

impl Statistics {
    /// Looks at the catalogue; no table is read.
    ///
    /// # Errors
    /// As any statement of the session.
    pub async fn of(
        tables: &[MainTable],
        session: &mut Session,
        database: &Database,
    ) -> Result<Statistics, DatabaseError> {
        let mut statistics = Statistics {
            random_page_cost: random_page_cost(session).await?,
            ..Statistics::default()
        };
        for table in tables {
            let Some(info) = database.table(session, table).await? else {
                continue;
            };
            statistics.blocks.insert(table.name.clone(), info.blocks);
            let rows = match session.dialect() {
                Dialect::Postgres => info.estimated_rows,
                Dialect::Sqlite if info.kind == TableKind::Table => rows_of_sqlite(session, table).await,
                Dialect::Sqlite => None,
            };
            if let Some(rows) = rows {
                statistics.rows.insert(table.name.clone(), rows);
                statistics.rows.insert(table.alias.clone(), rows);
            }
        }
        Ok(statistics)
    }
}

async fn random_page_cost(session: &mut Session) -> Result<f64, DatabaseError> {
    if session.dialect() == Dialect::Sqlite {
        return Ok(RANDOM_PAGE_COST);
    }
    let rows = session.rows("SHOW random_page_cost").await?;
    let cell = rows.into_iter().flatten().flatten().next();
    Ok(cell.and_then(|text| text.parse().ok()).unwrap_or(RANDOM_PAGE_COST))
}

/// The number that ANALYZE left, or the highest row id, which is at hand at once.
async fn rows_of_sqlite(session: &mut Session, table: &MainTable) -> Option<u64> {
    let name = table.name.replace('\'', "''");
    let analysed = format!("SELECT stat FROM sqlite_stat1 WHERE tbl = '{name}' LIMIT 1");
    let highest = format!("SELECT max(rowid) FROM \"{}\"", table.name.replace('"', "\"\""));
    for sql in [analysed, highest] {
        // A file that was never analysed has no statistics, a table may have no row ids.
        let rows = session.rows(&sql).await.unwrap_or_default();
        let cell = rows.into_iter().flatten().flatten().next();
        let number = cell.and_then(|text| text.split_whitespace().next()?.parse().ok());
        if number.is_some() {
            return number;
        }
    }
    None
}
