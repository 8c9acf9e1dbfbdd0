//! What SQLite says of a table.

use super::super::schema::ColumnInfo;
use super::super::{ColumnKind, DatabaseError, Row, Session, TableInfo, TableKind};
use crate::relation::MainTable;

pub(in crate::source::database) async fn describe_table(
    session: &mut Session,
    table: &MainTable,
) -> Result<Option<TableInfo>, DatabaseError> {
    let name = table.name.replace('\'', "''");
    let kind = session
        .rows(&format!("SELECT type, wr FROM pragma_table_list('{name}') LIMIT 1"))
        .await?;
    let Some(kind) = kind.first() else { return Ok(None) };
    let columns = session
        .rows(&format!(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo('{name}')"
        ))
        .await?;
    let indexed = session
        .rows(&format!(
            "SELECT i.name, l.origin FROM pragma_index_list('{name}') l JOIN pragma_index_info(l.name) i \
             WHERE i.seqno = 0 AND l.partial = 0"
        ))
        .await?;
    Ok(Some(table_info(kind, &columns, &indexed)))
}

fn table_info(kind: &Row, columns: &[Row], indexed: &[Row]) -> TableInfo {
    let is_table = kind[0].as_deref() == Some("table");
    let without_rowid = kind[1].as_deref() != Some("0");
    let rowid_is_hidden = columns
        .iter()
        .any(|row| row[0].as_ref().is_some_and(|name| name.eq_ignore_ascii_case("rowid")));
    // A key of one integer that is the rowid itself needs no index; only such a one, and that of a table without rowid,
    // is never NULL without saying so.
    let key_has_index = indexed.iter().any(|row| row[1].as_deref() == Some("pk"));
    let key_is_not_null = is_table && (without_rowid || !key_has_index);
    let mut info = TableInfo {
        kind: if is_table { TableKind::Table } else { TableKind::Other },
        columns: Default::default(),
        primary_key: Vec::new(),
        indexed: indexed.iter().filter_map(|row| row[0].clone()).collect(),
        estimated_rows: None,
        blocks: 0,
        partitions: Vec::new(),
        partitioned_by: None,
        has_rowid: is_table && !without_rowid && !rowid_is_hidden,
        keys_print_exactly: false,
    };
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in columns {
        let Some(name) = row[0].clone() else { continue };
        let position: i64 = row[3].as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        let kind = column_kind(row[1].as_deref().unwrap_or_default());
        let nullable = row[2].as_deref() == Some("0") && !(position > 0 && key_is_not_null);
        info.columns.insert(name.clone(), ColumnInfo { kind, nullable });
        if position > 0 {
            key.push((position, name));
        }
    }
    key.sort();
    info.primary_key = key.into_iter().map(|(_, name)| name).collect();
    info.indexed.extend(info.primary_key.first().cloned());
    info
}

/// Affinity by the declared type, <https://www.sqlite.org/datatype3.html> section 3.1.
fn column_kind(type_name: &str) -> ColumnKind {
    let upper = type_name.to_uppercase();
    if upper.contains("INT") {
        ColumnKind::Integer
    } else if ["CHAR", "CLOB", "TEXT", "BLOB"].iter().any(|part| upper.contains(part)) {
        ColumnKind::Text
    } else {
        ColumnKind::Other
    }
}
