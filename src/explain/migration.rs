//! The statements that make an index and take it away again.

use crate::relation::{Dialect, MainTable};

/// Words that are no names without quotes, in PostgreSQL or in SQLite, and stand in schemas all the same.
const RESERVED: [&str; 40] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "for",
    "from",
    "grant",
    "group",
    "in",
    "index",
    "into",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "references",
    "table",
    "to",
    "user",
    "when",
    "where",
];
/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;

/// An index that is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexAdvice {
    pub name: String,
    pub table: String,
    pub columns: Vec<String>,
    /// The statement that makes it, without blocking writers where the database can do that.
    pub up: String,
    /// The statement that takes it away again.
    pub down: String,
}

impl IndexAdvice {
    /// An index of a table over columns in this order, of the rows that meet all of the predicates.
    pub(super) fn new(table: &MainTable, columns: Vec<String>, predicates: &[String], dialect: Dialect) -> IndexAdvice {
        let predicate = match predicates.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", predicates.join(" AND ")),
        };
        let name = name(&table.name, &columns, &predicate);
        let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let concurrently = match dialect {
            Dialect::Postgres => "CONCURRENTLY ",
            Dialect::Sqlite => "",
        };
        let schema = table.schema.as_deref();
        let schema = schema.map_or(String::new(), |schema| format!("{}.", quoted(schema)));
        let (named, on) = (quoted(&name), quoted(&table.name));
        IndexAdvice {
            up: format!(
                "CREATE INDEX {concurrently}{named} ON {schema}{on} ({}){predicate}",
                list.join(", ")
            ),
            down: format!("DROP INDEX {concurrently}{schema}{named}"),
            name,
            table: table.name.clone(),
            columns,
        }
    }
}

/// `index_issues_on_state_id_and_created_at`; what a partial index holds is told by a few letters of its hash.
fn name(table: &str, columns: &[String], predicate: &str) -> String {
    let whole = format!("index_{table}_on_{}", columns.join("_and_"));
    if predicate.is_empty() && whole.len() <= LONGEST_NAME {
        return whole;
    }
    let hash = format!("_{:08x}", hash(&format!("{whole}{predicate}")));
    let mut end = whole.len().min(LONGEST_NAME - hash.len());
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{hash}", &whole[..end])
}

/// FNV-1a: the same on every machine and in every release.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// A name as migrations are written: in quotes only where it needs them.
fn quoted(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let is_plain = name.bytes().next().is_some_and(plain)
        && name.bytes().all(|byte| plain(byte) || byte.is_ascii_digit())
        && !RESERVED.contains(&name);
    match is_plain {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
