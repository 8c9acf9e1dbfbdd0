//! What PostgreSQL's catalogue says of a table.

mod partition;

use super::super::schema::ColumnInfo;
use super::super::{ColumnKind, DatabaseError, Row, Session, TableInfo, TableKind};
use crate::relation::MainTable;

const DESCRIBE: &str = "\
SELECT c.relkind::text, c.reltuples::int8, \
 CASE WHEN c.relkind = 'p' THEN (SELECT coalesce(max(pg_catalog.pg_relation_size(t.relid)), 0) \
   FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf) \
  WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END / current_setting('block_size')::int8, \
 a.attname, pg_catalog.format_type(a.atttypid, NULL), \
 a.attnotnull AND (c.relkind IN ('p', 'm') OR c.relkind = 'r' AND NOT c.relhassubclass), \
 (SELECT array_position(i.indkey::int2[], a.attnum) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), \
 EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL \
   AND i.indkey[0] = a.attnum) \
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid = pg_catalog.to_regclass(";

pub(in crate::source::database) async fn describe_table(
    session: &mut Session,
    table: &MainTable,
) -> Result<Option<TableInfo>, DatabaseError> {
    let sql = format!("{DESCRIBE}{}) ORDER BY a.attnum", regclass(table));
    let rows = session.rows(&sql).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut info = table_info(first, &rows);
    if first.first().and_then(Option::as_deref) == Some("p") {
        partition::look_up(session, table, &mut info).await?;
    }
    Ok(Some(info))
}

/// The table's name as the text that `to_regclass` takes, quotes and all.
pub(in crate::source::database) fn regclass(table: &MainTable) -> String {
    format!("'{}'", table.quoted().replace('\'', "''"))
}

fn table_info(first: &Row, rows: &[Row]) -> TableInfo {
    let number = |cell: &Option<String>| cell.as_deref().and_then(|text| text.parse::<i64>().ok());
    let mut key: Vec<(i64, String)> = Vec::new();
    let mut info = TableInfo {
        kind: match first[0].as_deref() {
            Some("r" | "p" | "m") => TableKind::Table,
            _ => TableKind::Other,
        },
        columns: Default::default(),
        primary_key: Vec::new(),
        indexed: Default::default(),
        // A table that was never analysed says -1, before PostgreSQL 14 it said 0.
        estimated_rows: number(&first[1]).filter(|rows| *rows > 0).map(i64::unsigned_abs),
        blocks: number(&first[2]).map(i64::unsigned_abs).unwrap_or_default(),
        partitions: Vec::new(),
        partitioned_by: None,
        has_rowid: false,
        keys_print_exactly: true,
    };
    for row in rows {
        let Some(name) = row[3].clone() else { continue };
        let nullable = row[5].as_deref() != Some("t");
        let kind = column_kind(row[4].as_deref().unwrap_or_default());
        info.columns.insert(name.clone(), ColumnInfo { kind, nullable });
        if let Some(position) = number(&row[6]) {
            key.push((position, name.clone()));
        }
        if row[7].as_deref() == Some("t") {
            info.indexed.insert(name);
        }
    }
    key.sort();
    info.primary_key = key.into_iter().map(|(_, name)| name).collect();
    info
}

fn column_kind(type_name: &str) -> ColumnKind {
    match type_name {
        "smallint" | "integer" => ColumnKind::SmallInteger,
        "bigint" => ColumnKind::Integer,
        "text" | "bytea" | "json" | "jsonb" | "uuid" => ColumnKind::Text,
        name if name.starts_with("character") => ColumnKind::Text,
        _ => ColumnKind::Other,
    }
}
