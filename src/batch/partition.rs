//! How the rows of a measure are split into ranges, chosen from what the catalogue says of its table.

use serde::{Deserialize, Serialize};

use super::bounds::{Bounds, discover};
use super::parts;
use super::ranges::{KeyColumn, Ranges};
use super::strategy::RangeKind;
use crate::measure::{DatabaseMeasure, Failure, PrimaryKey, Reason};
use crate::relation::{Column, KeyValue, Operation};
use crate::source::database::{Database, Session, TableInfo, TableKind};

/// Rows of one statement (spec 4.1; sums are given the size of counts, as they cost the same).
pub(super) const DEFAULT_BATCH: u64 = 100_000;
pub(super) const DEFAULT_DISTINCT_BATCH: u64 = 10_000;
/// Blocks of 8 KiB of one statement: 16 MiB.
pub(super) const DEFAULT_BLOCKS: u64 = 2_048;
/// More statements than this over integers are compared with the rows that there are.
const MANY_RANGES: u64 = 1_000;
/// More than this are never made where the number of rows is not known (spec 4.1, max allowed loops).
const MOST_RANGES: u64 = 10_000;

/// The way a measure's rows are split.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Partition {
    /// One statement: nothing to split by.
    Whole,
    /// Half-open ranges of an integer column.
    Integer {
        column: Column,
        batch_size: Option<u64>,
        nullable: bool,
    },
    /// Keys in the order of an index, so many rows at a time: UUIDs, texts, composite keys.
    Keyset { columns: Vec<Column>, batch_size: u64 },
    /// PostgreSQL's blocks, for tables without a usable key.
    Blocks { table: String, blocks: u64, size: u64 },
}

/// # Errors
/// `bad_batch_configuration` where start or finish are given for what is not split by an integer.
pub(super) fn choose(
    measure: &DatabaseMeasure,
    table: Option<&TableInfo>,
    block_ranges: bool,
) -> Result<Partition, Failure> {
    let partition = match (measure.operation, &measure.column) {
        (Operation::Histogram { .. }, _) => Partition::Whole,
        (Operation::DistinctCount, Some(column)) => by_values(measure, column, table),
        _ => by_key(measure, table, block_ranges),
    };
    checked(measure, partition)
}

/// As [`choose`], with distinct values told apart here: any rows may stand in any range.
///
/// # Errors
/// As [`choose`].
pub(super) fn choose_by_key(
    measure: &DatabaseMeasure,
    table: Option<&TableInfo>,
    block_ranges: bool,
    kind: RangeKind,
) -> Result<Partition, Failure> {
    let partition = by_key(measure, table, block_ranges);
    checked(measure, forced(partition, measure, table, block_ranges, kind))
}

/// The kind of ranges that is asked for, where the table has it.
fn forced(
    partition: Partition,
    measure: &DatabaseMeasure,
    table: Option<&TableInfo>,
    block_ranges: bool,
    kind: RangeKind,
) -> Partition {
    let Some(table) = table.filter(|_| !is_bounded(measure)) else {
        return partition;
    };
    match (kind, partition) {
        (RangeKind::Blocks, _) if block_ranges && has_blocks(measure, table) => {
            of_blocks(measure.relation.main_alias(), table)
        }
        (
            RangeKind::Keyset,
            Partition::Integer {
                column,
                batch_size,
                nullable: false,
            },
        ) if table.indexed.contains(&column.name) => Partition::Keyset {
            columns: vec![column],
            batch_size: batch_size.unwrap_or(DEFAULT_BATCH),
        },
        (_, partition) => partition,
    }
}

/// Ranges of blocks, for whoever tolerates that rows move while they are counted.
pub(super) fn of_blocks(alias: &str, table: &TableInfo) -> Partition {
    Partition::Blocks {
        table: alias.to_owned(),
        blocks: table.blocks,
        size: DEFAULT_BLOCKS,
    }
}

fn checked(measure: &DatabaseMeasure, partition: Partition) -> Result<Partition, Failure> {
    if is_bounded(measure) && !matches!(partition, Partition::Integer { .. }) {
        let message = "start and finish are given, but the rows are not batched by an integer column";
        return Err(Failure::new(Reason::BadBatchConfiguration, message));
    }
    Ok(partition)
}

fn is_bounded(measure: &DatabaseMeasure) -> bool {
    measure.start.is_some() || measure.finish.is_some()
}

/// A distinct count is exact over ranges of the counted column alone: a value is in one range only.
fn by_values(measure: &DatabaseMeasure, column: &Column, table: Option<&TableInfo>) -> Partition {
    let Some(table) = table else {
        return if measure.start.is_some() {
            integer(measure, column, None, false)
        } else {
            Partition::Whole
        };
    };
    if !table.is_integer(&column.name) {
        return Partition::Whole;
    }
    // Without an index every range would read the whole table: as few ranges as the timeout allows.
    let size = if table.indexed.contains(&column.name) {
        DEFAULT_DISTINCT_BATCH
    } else {
        u64::MAX
    };
    // NULL is no value, but a group that has nothing else is a group of 0.
    integer(measure, column, Some(size), measure.relation.is_grouped())
}

fn by_key(measure: &DatabaseMeasure, table: Option<&TableInfo>, block_ranges: bool) -> Partition {
    let alias = measure.relation.main_alias().to_owned();
    let Some(table) = table else {
        return by_declared_key(measure);
    };
    let named = |name: &String| Column {
        table: alias.clone(),
        name: name.clone(),
    };
    let assumed = Column {
        table: alias.clone(),
        name: "id".to_owned(),
    };
    let key = match &measure.key {
        PrimaryKey::Declared(columns) => columns.clone(),
        PrimaryKey::Assumed if table.is_integer(PrimaryKey::ASSUMED) => vec![assumed],
        PrimaryKey::Assumed => table.primary_key.iter().map(named).collect(),
    };
    let known = key.iter().all(|column| table.columns.contains_key(&column.name));
    let ordered =
        table.kind == TableKind::Other || key.first().is_some_and(|first| table.indexed.contains(&first.name));
    match key.as_slice() {
        // A column that is not there: the statement itself says so best.
        columns if !known && !columns.is_empty() => Partition::Whole,
        [column] if table.is_integer(&column.name) && (ordered || is_bounded(measure)) => {
            integer(measure, column, None, table.is_nullable(&column.name))
        }
        columns
            if table.keys_print_exactly
                && !columns.is_empty()
                && ordered
                && columns.iter().all(|column| !table.is_nullable(&column.name)) =>
        {
            Partition::Keyset {
                columns: key,
                batch_size: measure.batch_size.unwrap_or(DEFAULT_BATCH),
            }
        }
        _ if block_ranges && has_blocks(measure, table) => of_blocks(&alias, table),
        _ if table.has_rowid && !is_bounded(measure) => integer(
            measure,
            &Column {
                table: alias,
                name: "rowid".to_owned(),
            },
            None,
            false,
        ),
        [column] if table.is_integer(&column.name) => {
            integer(measure, column, Some(u64::MAX), table.is_nullable(&column.name))
        }
        _ => Partition::Whole,
    }
}

/// Its rows lie in blocks of the server; where those of a partition do not, that one can be read by itself.
pub(super) fn has_blocks(measure: &DatabaseMeasure, table: &TableInfo) -> bool {
    table.kind == TableKind::Table && (parts::all_have_blocks(table) || parts::are_readable(measure, table))
}

/// A derived table, or one that is not in the catalogue: only what the definition says is known.
fn by_declared_key(measure: &DatabaseMeasure) -> Partition {
    match &measure.key {
        PrimaryKey::Declared(columns) if columns.len() == 1 && measure.start.is_some() => {
            integer(measure, &columns[0], None, false)
        }
        _ => Partition::Whole,
    }
}

fn integer(measure: &DatabaseMeasure, column: &Column, size: Option<u64>, nullable: bool) -> Partition {
    Partition::Integer {
        column: column.clone(),
        batch_size: measure.batch_size.or(size),
        // NULL lies between no ends that are given.
        nullable: nullable && !is_bounded(measure),
    }
}

impl Partition {
    /// The first range, once the ends are known; `None` where there is no row at all.
    ///
    /// # Errors
    /// As the statements that look for the ends.
    pub(super) async fn ranges(
        &self,
        session: &mut Session,
        database: &Database,
        measure: &DatabaseMeasure,
        table: Option<&TableInfo>,
    ) -> Result<Option<Ranges>, Failure> {
        match table.filter(|table| parts::pays(self, measure, table)) {
            Some(table) => parts::ranges(self, session, database, measure, table).await,
            None => {
                let rows = table.and_then(|table| table.estimated_rows);
                self.over(session, database, measure, table, rows).await
            }
        }
    }

    /// The first range over the measure's main table, of which so many rows are expected.
    ///
    /// # Errors
    /// As the statements that look for the ends.
    pub(super) async fn over(
        &self,
        session: &mut Session,
        database: &Database,
        measure: &DatabaseMeasure,
        table: Option<&TableInfo>,
        rows: Option<u64>,
    ) -> Result<Option<Ranges>, Failure> {
        let ranges = match self {
            Partition::Whole => Ranges::whole(),
            Partition::Blocks { table, blocks, size } => Ranges::blocks(table.clone(), *blocks, fitted(*size, *blocks)),
            Partition::Keyset { columns, batch_size } => {
                let key = columns.iter().map(|column| key_column(column, table)).collect();
                Ranges::stepped(key, None, None, *batch_size)
            }
            Partition::Integer {
                column,
                batch_size,
                nullable,
            } => {
                let size = batch_size.unwrap_or(DEFAULT_BATCH);
                let ranges = match discover(session, database, measure, column).await? {
                    Some(bounds) => integer_ranges(column, bounds, size, rows),
                    None if *nullable => Ranges::empty(),
                    None => return Ok(None),
                };
                ranges.and_nulls_of(nullable.then(|| column.clone()))
            }
        };
        Ok(Some(ranges))
    }
}

fn key_column(column: &Column, table: Option<&TableInfo>) -> KeyColumn {
    let integer = table.is_some_and(|table| table.is_integer(&column.name));
    KeyColumn {
        column: column.clone(),
        integer,
    }
}

/// The size after so many halvings that none is wasted: half of it would hold less than everything. A statement that is
/// cancelled over the whole of a small table is not run over the same whole again.
fn fitted(size: u64, all: u64) -> u64 {
    if size == u64::MAX {
        return all;
    }
    let mut fitted = size;
    while fitted / 2 >= all.max(1) {
        fitted /= 2;
    }
    fitted
}

/// Ranges of equal width where the integers are dense; where they are sparse, ranges of equally many rows.
fn integer_ranges(column: &Column, bounds: Bounds, size: u64, rows: Option<u64>) -> Ranges {
    let Bounds { first, last } = bounds;
    let size = fitted(size, first.abs_diff(last).saturating_add(1));
    let wanted = first.abs_diff(last) / size.max(1);
    let sparse = match rows {
        Some(rows) => wanted > MANY_RANGES && wanted > 4 * (rows / size.max(1)),
        None => wanted > MOST_RANGES,
    };
    if !sparse {
        return Ranges::integer(column.clone(), first, last, size);
    }
    let after = first.checked_sub(1).map(|after| vec![KeyValue::Integer(after)]);
    let key = vec![KeyColumn {
        column: column.clone(),
        integer: true,
    }];
    Ranges::stepped(key, after, Some(vec![KeyValue::Integer(last)]), size)
}
