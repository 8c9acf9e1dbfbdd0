//! The instance's own settings: the last row of a table with a column for each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{DatabaseError, Row, Session};
use crate::measure::Reason;
use crate::relation::Dialect;

/// What tells the last row.
const KEY: &str = "id";

impl Session {
    /// The settings of these names that the table has, by one statement on PostgreSQL: columns that are not asked for stay
    /// with the server, and a name that is no column costs the others nothing. PostgreSQL's values have their types,
    /// SQLite's are texts.
    ///
    /// A role that may read some columns alone takes two statements more.
    ///
    /// # Errors
    /// As [`Session::rows`]; a missing table.
    pub async fn settings(&mut self, table: &str, names: &[&str]) -> Result<BTreeMap<String, Value>, DatabaseError> {
        let names: Vec<&str> = names.iter().copied().filter(|name| is_name(name)).collect();
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        match self.dialect() {
            Dialect::Postgres => self.settings_of_postgres(table, &names).await,
            Dialect::Sqlite => self.settings_of_sqlite(table, &names).await,
        }
    }

    async fn settings_of_postgres(
        &mut self,
        table: &str,
        names: &[&str],
    ) -> Result<BTreeMap<String, Value>, DatabaseError> {
        let rows = match self.rows(&picked(table, "*", names)).await {
            Err(refusal) if is_denied(&refusal) => {
                let readable: BTreeSet<String> = self
                    .rows(&readable(table))
                    .await?
                    .into_iter()
                    .flatten()
                    .flatten()
                    .collect();
                let columns: Vec<String> = names
                    .iter()
                    .filter(|name| readable.contains(**name))
                    .map(|name| quoted(name))
                    .collect();
                if columns.is_empty() {
                    return Err(refusal);
                }
                self.rows(&picked(table, &columns.join(", "), names)).await?
            }
            answer => answer?,
        };
        let typed = |row: Row| {
            let mut cells = row.into_iter().flatten();
            let (name, value) = (cells.next()?, cells.next()?);
            Some((name, serde_json::from_str(&value).ok()?))
        };
        Ok(rows.into_iter().filter_map(typed).collect())
    }

    async fn settings_of_sqlite(
        &mut self,
        table: &str,
        names: &[&str],
    ) -> Result<BTreeMap<String, Value>, DatabaseError> {
        let rows = self.rows(&sqlite_columns(table)).await?;
        let there: BTreeSet<String> = rows.into_iter().flatten().flatten().collect();
        if there.is_empty() {
            return Err(DatabaseError::Refused {
                reason: Reason::MissingTable,
                message: format!("there is no table {table}"),
            });
        }
        let names: Vec<&str> = names.iter().copied().filter(|name| there.contains(*name)).collect();
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let columns: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let rows = self.rows(&last_row(table, &columns.join(", "))).await?;
        let cells = rows.into_iter().next().unwrap_or_default();
        let named = names.into_iter().zip(cells);
        Ok(named.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect())
    }
}

/// Whether it can be a column's: anything else is no setting of a table, and reaches no statement.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.len() <= 63 && name.chars().all(is_part)
}

fn is_denied(error: &DatabaseError) -> bool {
    matches!(
        error,
        DatabaseError::Refused {
            reason: Reason::PermissionDenied,
            ..
        }
    )
}

fn last_row(table: &str, columns: &str) -> String {
    let (table, key) = (qualified(table), quoted(KEY));
    format!("SELECT {columns} FROM {table} ORDER BY {key} DESC LIMIT 1")
}

/// Of the table's last row the columns that are asked for, each a row of its name and its value as JSON.
fn picked(table: &str, columns: &str, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    format!(
        "SELECT setting.key, setting.value FROM ({}) AS present \
         CROSS JOIN LATERAL jsonb_each(to_jsonb(present)) AS setting WHERE setting.key IN ({})",
        last_row(table, columns),
        names.join(", ")
    )
}

fn readable(table: &str) -> String {
    format!(
        "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({}) \
         AND attnum > 0 AND NOT attisdropped AND pg_catalog.has_column_privilege(attrelid, attnum, 'SELECT')",
        literal(&qualified(table))
    )
}

fn sqlite_columns(table: &str) -> String {
    match table.split_once('.') {
        Some((schema, table)) => format!(
            "SELECT name FROM pragma_table_info({}, {})",
            literal(table),
            literal(schema)
        ),
        None => format!("SELECT name FROM pragma_table_info({})", literal(table)),
    }
}

fn qualified(table: &str) -> String {
    let parts: Vec<String> = table.split('.').map(quoted).collect();
    parts.join(".")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
