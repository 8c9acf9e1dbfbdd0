//! Every table with its columns, for people who write relations.

use super::{DatabaseError, Session};
use crate::relation::Dialect;

/// A table or view that a relation can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTable {
    /// With its schema where the search path does not find it.
    pub name: String,
    /// In the table's order.
    pub columns: Vec<ListedColumn>,
}

/// A column as the database declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedColumn {
    pub name: String,
    pub type_name: String,
}

const POSTGRES: &str = "\
SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END, \
 a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) \
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
 AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped \
ORDER BY 1, a.attnum";

const SQLITE: &str = "\
SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c \
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid";

impl Session {
    /// Every table and view but the database's own, by name.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub async fn list_tables(&mut self) -> Result<Vec<ListedTable>, DatabaseError> {
        let sql = match self.dialect() {
            Dialect::Postgres => POSTGRES,
            Dialect::Sqlite => SQLITE,
        };
        let mut tables: Vec<ListedTable> = Vec::new();
        for row in self.rows(sql).await? {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let (Some(table), Some(name), Some(type_name)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            let column = ListedColumn { name, type_name };
            match tables.last_mut().filter(|last| last.name == table) {
                Some(last) => last.columns.push(column),
                None => tables.push(ListedTable {
                    name: table,
                    columns: vec![column],
                }),
            }
        }
        Ok(tables)
    }
}
