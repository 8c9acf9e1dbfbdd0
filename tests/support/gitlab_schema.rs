//! GitLab's tables, from the extract of its schema, as CREATE TABLE statements.

use std::collections::BTreeMap;
use std::path::Path;

use super::data::compat_data;

/// The base types that PostgreSQL has without any extension and that the extract uses; any other becomes `text`.
const PLAIN_TYPES: [&str; 21] = [
    "bigint",
    "boolean",
    "bytea",
    "character",
    "character varying",
    "cidr",
    "date",
    "daterange",
    "double precision",
    "inet",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "real",
    "smallint",
    "text",
    "tsvector",
    "uuid",
    "xml",
];

/// What an index must not name: operator classes and methods of pg_trgm and btree_gist, and GitLab's own function.
const NOT_PLAIN: [&str; 4] = ["gin_trgm_ops", "gist_trgm_ops", "USING gist", "timestamp_coalesce("];

/// The columns and indexes of every table.
pub struct GitlabSchema {
    tables: BTreeMap<String, Table>,
}

#[derive(Default)]
struct Table {
    columns: Vec<Column>,
    indexes: Vec<Index>,
}

/// A column of a table, as PostgreSQL spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub sql_type: String,
    pub not_null: bool,
    pub primary_key: bool,
}

struct Index {
    name: String,
    definition: String,
}

impl GitlabSchema {
    /// The schema of release 18, or `None`, with a word on standard error, where the data is absent.
    pub fn load() -> Option<GitlabSchema> {
        let folder = compat_data("gitlab/v18/schema")?;
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for [table, name, sql_type, not_null, key] in rows(&folder.join("columns.tsv")) {
            tables.entry(table).or_default().columns.push(Column {
                name,
                sql_type,
                not_null: !not_null.is_empty(),
                primary_key: !key.is_empty(),
            });
        }
        for [table, name, definition] in rows(&folder.join("indexes.tsv")) {
            tables
                .entry(table)
                .or_default()
                .indexes
                .push(Index { name, definition });
        }
        Some(GitlabSchema { tables })
    }

    /// The names of all tables.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// The columns of `table`, in their order. Panics on an unknown table.
    pub fn columns(&self, table: &str) -> &[Column] {
        &self.table(table).columns
    }

    /// The statements that create `tables` on a plain PostgreSQL: each with its primary key, then its indexes but for
    /// those that need an extension or a function of GitLab's. Panics on an unknown table.
    pub fn create_tables(&self, tables: &[&str]) -> Vec<String> {
        let statements = tables.iter().flat_map(|name| {
            let table = self.table(name);
            let indexes = table
                .indexes
                .iter()
                .filter(|index| !table.is_key(index))
                .filter_map(Index::create);
            std::iter::once(table.create(name, postgres_type)).chain(indexes)
        });
        statements.collect()
    }

    /// The statements that create `tables` on SQLite, with primary keys and without indexes.
    pub fn create_tables_for_sqlite(&self, tables: &[&str]) -> Vec<String> {
        tables
            .iter()
            .map(|name| self.table(name).create(name, sqlite_type))
            .collect()
    }

    fn table(&self, name: &str) -> &Table {
        self.tables
            .get(name)
            .unwrap_or_else(|| panic!("GitLab's schema has no table {name:?}"))
    }
}

impl Table {
    fn create(&self, name: &str, sql_type: fn(&str) -> String) -> String {
        let columns = self.columns.iter().map(|column| {
            let not_null = if column.not_null { " NOT NULL" } else { "" };
            format!("{} {}{not_null}", quoted(&column.name), sql_type(&column.sql_type))
        });
        let key = self.primary_key().map(|columns| format!("PRIMARY KEY ({columns})"));
        let parts: Vec<String> = columns.chain(key).collect();
        format!("CREATE TABLE {} ({})", quoted(name), parts.join(", "))
    }

    /// The key's columns in the key's own order, which its index knows and the list of columns does not.
    fn primary_key(&self) -> Option<String> {
        if let Some(index) = self.indexes.iter().find(|index| self.is_key(index)) {
            let (_, columns) = index.definition.split_once(" USING btree (")?;
            return Some(columns.trim_end_matches(')').to_owned());
        }
        let columns: Vec<String> = self
            .columns
            .iter()
            .filter(|column| column.primary_key)
            .map(|column| quoted(&column.name))
            .collect();
        (!columns.is_empty()).then(|| columns.join(", "))
    }

    fn is_key(&self, index: &Index) -> bool {
        index.name.ends_with("_pkey") && self.columns.iter().any(|column| column.primary_key)
    }
}

impl Index {
    fn create(&self) -> Option<String> {
        let plain = !NOT_PLAIN.iter().any(|word| self.definition.contains(word));
        // A partitioned table is created as a plain one.
        plain.then(|| self.definition.replacen(" ON ONLY ", " ON ", 1))
    }
}

fn postgres_type(sql_type: &str) -> String {
    let plain = PLAIN_TYPES.contains(&base_type(sql_type)) || sql_type.starts_with("time");
    match (plain, sql_type.ends_with("[]")) {
        (true, _) => sql_type.to_owned(),
        (false, true) => "text[]".to_owned(),
        (false, false) => "text".to_owned(),
    }
}

/// SQLite's types are affinities; dates and times are its text.
fn sqlite_type(sql_type: &str) -> String {
    if sql_type.ends_with("[]") {
        return "TEXT".to_owned();
    }
    let affinity = match base_type(sql_type) {
        "bigint" | "integer" | "smallint" | "boolean" => "INTEGER",
        "double precision" | "real" => "REAL",
        "numeric" => "NUMERIC",
        "bytea" => "BLOB",
        _ => "TEXT",
    };
    affinity.to_owned()
}

/// `character varying` of `character varying(255)[]`.
fn base_type(sql_type: &str) -> &str {
    sql_type.split(['(', '[']).next().unwrap_or_default()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The rows of a tab-separated file; fields that are missing at the end are empty.
fn rows<const N: usize>(file: &Path) -> Vec<[String; N]> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let rows = text.lines().map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        std::array::from_fn(|_| fields.next().unwrap_or_default())
    });
    rows.collect()
}
