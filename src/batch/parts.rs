//! A partitioned table as its partitions, each in ranges of its own: what no partition of the range holds is not opened.

use super::partition::{DEFAULT_BATCH, DEFAULT_BLOCKS, Partition};
use super::ranges::Ranges;
use crate::measure::{Consistency, DatabaseMeasure, Failure, Reason};
use crate::relation::{Column, Operation};
use crate::source::database::{Database, Session, TableInfo, TablePartition};

/// Whether the table is read partition by partition: it has several, they are more than one range, and nothing is lost.
/// Ranges over values of the counted column are over all partitions, because a value may lie in any of them.
pub(super) fn pays(partition: &Partition, measure: &DatabaseMeasure, table: &TableInfo) -> bool {
    let is_split_by_key = measure.operation != Operation::DistinctCount && *partition != Partition::Whole;
    let is_bounded = measure.start.is_some() || measure.finish.is_some();
    is_split_by_key
        && !is_bounded
        && are_readable(measure, table)
        && is_large(partition, table)
        && keeps_rows_apart(partition, measure, table)
}

/// Whether there are several partitions, and each can stand for the table.
pub(super) fn are_readable(measure: &DatabaseMeasure, table: &TableInfo) -> bool {
    let [first, _, ..] = table.partitions.as_slice() else {
        return false;
    };
    table.partitions.iter().all(|leaf| leaf.readable) && of_leaf(measure, first).is_some()
}

pub(super) fn all_have_blocks(table: &TableInfo) -> bool {
    table.partitions.iter().all(|leaf| leaf.has_blocks)
}

/// Larger than one range, by the rows or by the storage that the catalogue knows.
fn is_large(partition: &Partition, table: &TableInfo) -> bool {
    let blocks: u64 = table.partitions.iter().map(|leaf| leaf.blocks).sum();
    let batch = match partition {
        Partition::Integer { batch_size, .. } => batch_size.unwrap_or(DEFAULT_BATCH),
        Partition::Keyset { batch_size, .. } => *batch_size,
        Partition::Blocks { size, .. } => return blocks > *size || !all_have_blocks(table),
        Partition::Whole => return false,
    };
    match table.estimated_rows {
        Some(rows) => rows > batch,
        None => blocks > DEFAULT_BLOCKS,
    }
}

/// A row that an update moves to another partition during the count is met twice or not at all where partitions are read
/// one after the other. Nothing is lost by that if the ranges over the whole would not know the row again either: they run
/// over blocks, or over all that chooses its partition.
fn keeps_rows_apart(partition: &Partition, measure: &DatabaseMeasure, table: &TableInfo) -> bool {
    let walked = |columns: &[Column]| {
        let by = table.partitioned_by.as_ref();
        by.is_some_and(|by| by.iter().all(|name| columns.iter().any(|column| column.name == *name)))
    };
    measure.consistency == Consistency::Approximate
        || match partition {
            Partition::Blocks { .. } => true,
            Partition::Keyset { columns, .. } => walked(columns),
            Partition::Integer { column, .. } => walked(std::slice::from_ref(column)),
            Partition::Whole => false,
        }
}

/// The walks over all partitions, as the catalogue had them when the plan was made; `None` where there is no row at all.
///
/// # Errors
/// As the statements that look for the ends.
pub(super) async fn ranges(
    partition: &Partition,
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    table: &TableInfo,
) -> Result<Option<Ranges>, Failure> {
    let mut walks = Vec::with_capacity(table.partitions.len());
    for leaf in &table.partitions {
        let of_leaf = of_leaf(measure, leaf)
            .ok_or_else(|| Failure::new(Reason::BadBatchConfiguration, "the first table has no partitions"))?;
        let split = split(partition, leaf);
        let rows = leaf.estimated_rows;
        match split.over(session, database, &of_leaf, Some(table), rows).await {
            Ok(walk) => walks.extend(walk.map(|walk| walk.within(leaf))),
            // It was dropped since the catalogue was asked; its first range would say so as well.
            Err(failure) if failure.reason == Reason::MissingTable => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok((!walks.is_empty()).then(|| Ranges::one_by_one(walks)))
}

/// The measure over the first partition, where partitions are read by themselves.
pub(super) fn of_first(partition: &Partition, measure: &DatabaseMeasure, table: &TableInfo) -> Option<DatabaseMeasure> {
    let first = table.partitions.first().filter(|_| pays(partition, measure, table))?;
    of_leaf(measure, first)
}

fn of_leaf(measure: &DatabaseMeasure, leaf: &TablePartition) -> Option<DatabaseMeasure> {
    let relation = measure.relation.of_partition(Some(&leaf.schema), &leaf.name)?;
    Some(DatabaseMeasure {
        relation,
        ..measure.clone()
    })
}

/// A partition is split as the whole is, over blocks of its own; what lies on another server has none.
fn split(partition: &Partition, leaf: &TablePartition) -> Partition {
    match partition {
        Partition::Blocks { .. } if !leaf.has_blocks => Partition::Whole,
        Partition::Blocks { table, size, .. } => Partition::Blocks {
            table: table.clone(),
            blocks: leaf.blocks,
            size: *size,
        },
        other => other.clone(),
    }
}
