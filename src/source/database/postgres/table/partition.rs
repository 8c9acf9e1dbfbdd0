//! What PostgreSQL's catalogue says of the partitions of a table.

use super::super::super::{DatabaseError, Row, Session, TableInfo, TablePartition};
use super::regclass;
use crate::relation::MainTable;

/// The leaves of the tree, in the order in which they were made. A partition that is not analysed yet has no rows where it
/// has no storage, as the ones for months to come.
const LEAVES: &str = "\
SELECT n.nspname, c.relname, c.relkind <> 'f', c.reltuples::int8, \
 CASE WHEN c.relkind = 'f' THEN 0 ELSE pg_catalog.pg_relation_size(c.oid) END / current_setting('block_size')::int8, \
 NOT (c.relrowsecurity OR root.relrowsecurity) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
  AND pg_catalog.has_table_privilege(c.oid, 'SELECT') \
FROM pg_catalog.pg_class root CROSS JOIN pg_catalog.pg_partition_tree(root.oid) t \
JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE t.isleaf AND root.oid = pg_catalog.to_regclass(";

/// The columns that choose a partition, at every level of the tree; NULL stands for an expression.
const KEYS: &str = "\
SELECT DISTINCT a.attname FROM pg_catalog.pg_class root CROSS JOIN pg_catalog.pg_partition_tree(root.oid) t \
JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.relid CROSS JOIN unnest(p.partattrs::int2[]) AS k(number) \
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number AND k.number > 0 \
WHERE root.oid = pg_catalog.to_regclass(";

/// Adds to a partitioned table what is known of its partitions.
pub(super) async fn look_up(
    session: &mut Session,
    table: &MainTable,
    info: &mut TableInfo,
) -> Result<(), DatabaseError> {
    let name = regclass(table);
    let leaves = session.rows(&format!("{LEAVES}{name}) ORDER BY c.oid")).await?;
    let keys = session.rows(&format!("{KEYS}{name})")).await?;
    info.partitions = leaves.into_iter().filter_map(leaf).collect();
    info.partitioned_by = keys.into_iter().map(|row| row.into_iter().next().flatten()).collect();
    // Nobody keeps a foreign server to what the columns promise.
    if info.partitions.iter().any(|leaf| !leaf.has_blocks) {
        info.columns.values_mut().for_each(|column| column.nullable = true);
    }
    info.estimated_rows = info
        .estimated_rows
        .or_else(|| info.partitions.iter().map(|leaf| leaf.estimated_rows).sum());
    Ok(())
}

fn leaf(row: Row) -> Option<TablePartition> {
    let [schema, name, has_blocks, rows, blocks, readable] = <[Option<String>; 6]>::try_from(row).ok()?;
    let number = |cell: Option<String>| cell.and_then(|text| text.parse::<i64>().ok());
    let is = |cell: Option<String>| cell.as_deref() == Some("t");
    let has_blocks = is(has_blocks);
    let blocks = number(blocks).map(i64::unsigned_abs).unwrap_or_default();
    let is_empty = has_blocks && blocks == 0;
    let rows = number(rows).filter(|rows| *rows > 0).map(i64::unsigned_abs);
    Some(TablePartition {
        schema: schema?,
        name: name?,
        blocks,
        estimated_rows: rows.or(is_empty.then_some(0)),
        readable: is(readable),
        has_blocks,
    })
}
