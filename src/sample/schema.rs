//! Tables as data: columns, keys and indexes, and their DDL.

use super::Generator;

/// The type of a column, in PostgreSQL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    BigInt,
    Integer,
    SmallInt,
    Boolean,
    Text,
    Date,
    /// Without time zone; holds UTC, as Rails writes it.
    Timestamp,
    TimestampTz,
}

impl ColumnType {
    /// The type's name in PostgreSQL's catalogue.
    pub fn postgres(self) -> &'static str {
        match self {
            ColumnType::BigInt => "bigint",
            ColumnType::Integer => "integer",
            ColumnType::SmallInt => "smallint",
            ColumnType::Boolean => "boolean",
            ColumnType::Text => "text",
            ColumnType::Date => "date",
            ColumnType::Timestamp => "timestamp without time zone",
            ColumnType::TimestampTz => "timestamp with time zone",
        }
    }

    /// SQLite keeps booleans as 0 and 1, and times as text in UTC.
    pub fn sqlite(self) -> &'static str {
        match self {
            ColumnType::BigInt | ColumnType::Integer | ColumnType::SmallInt | ColumnType::Boolean => "INTEGER",
            ColumnType::Text | ColumnType::Date | ColumnType::Timestamp | ColumnType::TimestampTz => "TEXT",
        }
    }
}

/// A column, and where its values come from.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnType,
    pub generator: Generator,
}

/// A table of the sample instance.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub name: &'static str,
    /// Rows at scale 1.0.
    pub rows: u64,
    /// Whether the number of rows stays the same at every scale, as for lists of kinds and settings.
    pub fixed: bool,
    pub columns: &'static [Column],
    pub primary_key: &'static [&'static str],
    /// Columns with an index of their own, beside the primary key.
    pub indexes: &'static [&'static str],
}

impl Table {
    /// A table whose key is `id` and which grows with the scale.
    pub(super) const fn new(
        name: &'static str,
        rows: u64,
        columns: &'static [Column],
        indexes: &'static [&'static str],
    ) -> Table {
        Table {
            name,
            rows,
            fixed: false,
            columns,
            primary_key: &["id"],
            indexes,
        }
    }

    /// The same table with another key.
    pub(super) const fn keyed(self, primary_key: &'static [&'static str]) -> Table {
        Table { primary_key, ..self }
    }

    /// The same table with as many rows at every scale.
    pub(super) const fn fixed(self) -> Table {
        Table { fixed: true, ..self }
    }

    /// The statements that make the table and its indexes in SQLite. `id INTEGER PRIMARY KEY` is SQLite's own row number.
    pub fn sqlite_ddl(&self) -> Vec<String> {
        let mut ddl = vec![self.create_table(ColumnType::sqlite)];
        ddl.extend(self.create_indexes());
        ddl
    }

    /// The statements that make the table and its indexes in PostgreSQL, for where no schema is at hand.
    pub fn postgres_ddl(&self) -> Vec<String> {
        let mut ddl = vec![self.create_table(ColumnType::postgres)];
        ddl.extend(self.create_indexes());
        ddl
    }

    fn create_table(&self, spell: fn(ColumnType) -> &'static str) -> String {
        let single = |column: &Column| self.primary_key == [column.name];
        let mut parts = Vec::new();
        for column in self.columns {
            let key = if single(column) { " PRIMARY KEY" } else { "" };
            parts.push(format!("\"{}\" {}{key}", column.name, spell(column.kind)));
        }
        if self.primary_key.len() > 1 {
            parts.push(format!("PRIMARY KEY (\"{}\")", self.primary_key.join("\", \"")));
        }
        format!("CREATE TABLE \"{}\" ({})", self.name, parts.join(", "))
    }

    fn create_indexes(&self) -> impl Iterator<Item = String> + '_ {
        let name = self.name;
        self.indexes
            .iter()
            .map(move |column| format!("CREATE INDEX \"index_{name}_on_{column}\" ON \"{name}\" (\"{column}\")"))
    }
}
