//! The number of rows that a database's statistics have of a table.

use super::literal::{quote_name, quote_text};
use super::{Dialect, MainTable, Relation, RelationError};

impl MainTable {
    /// Its name as SQL writes it, quotes and all.
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote_name(schema), quote_name(&self.name)),
            None => quote_name(&self.name),
        }
    }
}

impl Relation {
    /// What keeps its rows from being all those of one table; `None` where they are.
    pub fn narrowing(&self) -> Option<&'static str> {
        let clauses = [
            (self.main_table().is_none(), "a sub-query"),
            (self.is_joined(), "a join"),
            (self.has_filter(), "a WHERE"),
            (self.is_grouped(), "a GROUP BY"),
        ];
        clauses.into_iter().find(|(there, _)| *there).map(|(_, clause)| clause)
    }

    /// The statement that asks the statistics for the number of rows of its table; NULL where they do not know it.
    ///
    /// # Errors
    /// A relation that is more, or less, than one table.
    pub fn row_estimate(&self, dialect: Dialect) -> Result<String, RelationError> {
        let table = match (self.narrowing(), self.main_table()) {
            (None, Some(table)) => table,
            (clause, _) => {
                let clause = clause.unwrap_or("no table");
                return Err(RelationError::new(format!(
                    "statistics have the rows of one whole table, and the relation has {clause}"
                )));
            }
        };
        Ok(match dialect {
            Dialect::Postgres => of_postgres(table),
            Dialect::Sqlite => of_sqlite(table),
        })
    }
}

/// The table and all that inherits from it: its partitions at any depth, each with the rows of its own. One that was never
/// analysed has no number, unless it is empty, as partitions for months to come are; a sum needs all of them. A role that
/// may not read the table learns nothing of it.
fn of_postgres(table: &MainTable) -> String {
    let name = quote_text(&table.quoted(), Dialect::Postgres);
    format!(
        "WITH RECURSIVE part(oid) AS (SELECT pg_catalog.to_regclass({name})::oid \
         UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN part ON i.inhparent = part.oid) \
         SELECT CASE WHEN count(*) = count(rows) THEN sum(rows)::int8 END FROM (\
         SELECT CASE WHEN c.reltuples > 0 OR (c.reltuples = 0 AND c.relpages > 0) THEN c.reltuples::numeric \
         WHEN c.relkind <> 'f' AND pg_catalog.pg_relation_size(c.oid) = 0 THEN 0 END AS rows \
         FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid WHERE c.relkind IN ('r', 'm', 'f') \
         AND pg_catalog.has_any_column_privilege(pg_catalog.to_regclass({name}), 'SELECT')) AS known"
    )
}

/// `ANALYZE` writes the rows of each index; a partial one has fewer than the table.
fn of_sqlite(table: &MainTable) -> String {
    let schema = table
        .schema
        .as_deref()
        .map(|schema| format!("{}.", quote_name(schema)))
        .unwrap_or_default();
    let name = quote_text(&table.name, Dialect::Sqlite);
    format!("SELECT max(CAST(stat AS INTEGER)) FROM {schema}sqlite_stat1 WHERE tbl = {name} COLLATE NOCASE")
}
