//! The indexes of a table, and the tables of a schema: for those who review, not for those who count.

use super::postgres::regclass;
use super::{DatabaseError, Session};
use crate::relation::{Dialect, MainTable};

/// An index as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexInfo {
    pub name: String,
    /// Its columns in order, up to the first expression.
    pub columns: Vec<String>,
    /// Whether it holds some of the rows only.
    pub partial: bool,
}

/// The usable indexes of a table; SQLite's own key of integers, which is no index, is one of them.
///
/// # Errors
/// As any statement of the session.
pub async fn indexes(session: &mut Session, table: &MainTable) -> Result<Vec<IndexInfo>, DatabaseError> {
    let sql = match session.dialect() {
        Dialect::Postgres => of_postgres(table),
        Dialect::Sqlite => of_sqlite(table),
    };
    let mut indexes: Vec<IndexInfo> = Vec::new();
    for row in session.rows(&sql).await? {
        let [Some(name), column, Some(partial)] = row.as_slice() else {
            continue;
        };
        if indexes.last().is_none_or(|index| index.name != *name) {
            indexes.push(IndexInfo {
                name: name.clone(),
                columns: Vec::new(),
                partial: partial == "1",
            });
        }
        if let (Some(index), Some(column)) = (indexes.last_mut(), column) {
            index.columns.push(column.clone());
        }
    }
    Ok(indexes)
}

/// The names of the tables and views that a statement finds without naming a schema, sorted.
///
/// # Errors
/// As any statement of the session.
pub async fn table_names(session: &mut Session) -> Result<Vec<String>, DatabaseError> {
    let sql = match session.dialect() {
        Dialect::Postgres => {
            "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.pg_table_is_visible(c.oid) \
             AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        }
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             ORDER BY 1"
        }
    };
    let rows = session.rows(sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.into_iter().next().flatten())
        .collect())
}

/// Columns by their place; an expression has no name and ends the list.
fn of_postgres(table: &MainTable) -> String {
    format!(
        "SELECT r.relname, a.attname, CASE WHEN i.indpred IS NULL THEN 0 ELSE 1 END \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid \
         JOIN pg_catalog.pg_am m ON m.oid = r.relam AND m.amname = 'btree' \
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND a.attnum > 0 \
         WHERE i.indisvalid AND i.indrelid = pg_catalog.to_regclass({}) AND k.place <= coalesce( \
         (SELECT min(e.place) - 1 FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS e(number, place) WHERE e.number = 0), \
         i.indnkeyatts + 0) ORDER BY r.relname, k.place",
        regclass(table)
    )
}

fn of_sqlite(table: &MainTable) -> String {
    let name = table.name.replace('\'', "''");
    format!(
        "SELECT l.name, i.name, l.partial FROM pragma_index_list('{name}') l JOIN pragma_index_info(l.name) i \
         UNION ALL SELECT 'the primary key', name, 0 FROM (SELECT max(name) AS name, count(*) AS columns, \
         max(upper(type)) AS type FROM pragma_table_xinfo('{name}') WHERE pk > 0) WHERE columns = 1 AND type = 'INTEGER'"
    )
}
