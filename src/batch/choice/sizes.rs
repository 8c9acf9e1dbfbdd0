//! How large tables are, and what that allows.

use super::*;

impl<'a> Chooser<'a, '_> {
    /// Whether all that the measures read fits into one statement, by what the tables' storage holds now.
    pub(super) fn are_small(&self, members: &[Prepared<'a>]) -> bool {
        let most = packed_rows(packed(members)).unwrap_or(u64::MAX);
        let is_small = |table: &MainTable| self.tables.get(table).is_some_and(|info| self.is_small(info, most));
        members.iter().all(|one| {
            let tables = one.member.measure.relation.tables();
            let fits = |table: &TableInfo| fits_into_a_batch(one.member.measure, table);
            one.table.as_deref().is_some_and(fits) && !is_bounded(one) && tables.iter().all(is_small)
        })
    }

    pub(super) fn is_small(&self, table: &TableInfo, most_rows: u64) -> bool {
        match self.dialect {
            Dialect::Postgres => {
                let blocks = blocks(table);
                table.kind == TableKind::Table && blocks <= SMALL_TABLE && blocks * ROWS_OF_A_BLOCK <= most_rows
            }
            Dialect::Sqlite => table.estimated_rows.is_some_and(|rows| rows <= FEW_ROWS.min(most_rows)),
        }
    }
}

/// Whether its class says how many rows a statement may read.
pub(super) fn is_sized(one: &Prepared<'_>) -> bool {
    one.member.measure.batch_size.is_some()
}

pub(super) fn is_bounded(one: &Prepared<'_>) -> bool {
    one.member.measure.start.is_some() || one.member.measure.finish.is_some()
}

/// Whether all rows are no more than a batch that the definition allows.
pub(super) fn fits_into_a_batch(measure: &DatabaseMeasure, table: &TableInfo) -> bool {
    measure
        .batch_size
        .is_none_or(|size| table.estimated_rows.is_some_and(|rows| rows <= size))
}

/// Blocks of its storage, of all its partitions together.
pub(super) fn blocks(table: &TableInfo) -> u64 {
    match table.partitions.as_slice() {
        [] => table.blocks,
        leaves => leaves.iter().map(|leaf| leaf.blocks).sum(),
    }
}

/// A pass over a table, as the planner would put it, by its size alone.
pub(super) fn small_cost(table: Option<&TableInfo>, members: usize) -> f64 {
    let table = table.map_or((0, 0), |table| {
        (blocks(table), table.estimated_rows.unwrap_or_default())
    });
    table.0 as f64 + table.1 as f64 * 0.01 * (1 + members) as f64
}
