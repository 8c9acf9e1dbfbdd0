//! From a plan to time: the model behind every prediction.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::PlanNode;

/// What one statement may take with nothing in memory (spec 15).
pub const COLD_BUDGET: Duration = Duration::from_secs(1);
/// What one batch may take with everything in memory (spec 4.1).
pub const BATCH_BUDGET: Duration = Duration::from_millis(500);

/// The model in words, for those who judge by it.
pub const MODEL: &str = "cold = pages x read time (25 us in sequence, 100 us at random) + warm; \
                         warm = rows x cpu time (5 us a unit of planned cpu cost, 0.15 us more a row of a distinct count)";

/// Microseconds; measured on PostgreSQL 15 with 5,000,000 rows in memory: COUNT by ranges of the key 0.08 us a row,
/// which costs 0.015 units; a whole COUNT(*) 0.03 us; COUNT(DISTINCT) 0.18 us. The pages' times are those of a disk
/// behind a network. A server that is busy takes longer: three times as long where four others share its processor.
const SEQUENTIAL_PAGE: f64 = 25.0;
const RANDOM_PAGE: f64 = 100.0;
const CPU_UNIT: f64 = 5.0;
const DISTINCT_ROW: f64 = 0.15;
/// SQLite gives no cost: a row of a scan, of a search, and what a page's worth of rows takes to read.
const SQLITE_ROW: f64 = 0.2;
const SQLITE_ROWS_OF_A_PAGE: f64 = 40.0;
/// Units of PostgreSQL's planner for a row, and for a row of an index.
const TUPLE: f64 = 0.01;
const INDEX_TUPLE: f64 = 0.005;
const CPU_PART: f64 = 0.3;
/// No scan reads more pages than the table has, and some of its index.
const WITH_INDEX: f64 = 1.3;

/// What a statement is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Prediction {
    /// With nothing in memory.
    pub cold: Duration,
    /// With everything in memory.
    pub warm: Duration,
}

impl Prediction {
    pub fn is_within_budget(&self) -> bool {
        self.cold <= COLD_BUDGET && self.warm <= BATCH_BUDGET
    }

    fn of(pages: f64, rows: f64) -> Prediction {
        let micros = |micros: f64| Duration::from_nanos((micros.max(0.0) * 1000.0) as u64);
        Prediction {
            cold: micros(pages + rows),
            warm: micros(rows),
        }
    }

    /// So many of it, one after the other.
    pub fn times(&self, number: u64) -> Prediction {
        let number = number as f64;
        let times = |duration: Duration| Duration::try_from_secs_f64(duration.as_secs_f64() * number);
        Prediction {
            cold: times(self.cold).unwrap_or(Duration::MAX),
            warm: times(self.warm).unwrap_or(Duration::MAX),
        }
    }
}

/// What is known of the server and its tables.
pub(super) struct Scale<'a> {
    /// Blocks of a table.
    pub blocks: &'a BTreeMap<String, u64>,
    /// The server's `random_page_cost`.
    pub random_page_cost: f64,
    /// Whether the rows' values are sorted to tell them apart.
    pub distinct: bool,
}

/// The time that a plan of PostgreSQL takes.
pub(super) fn of_postgres(nodes: &[PlanNode], scale: &Scale<'_>) -> Prediction {
    let (mut pages, mut rows) = (0.0, 0.0);
    for node in nodes {
        let (of_pages, of_rows) = step(node, scale);
        pages += of_pages;
        rows += of_rows;
    }
    if scale.distinct {
        rows += rows_below_aggregates(nodes) * DISTINCT_ROW;
    }
    Prediction::of(pages, rows)
}

/// Microseconds for pages and for rows.
fn step(node: &PlanNode, scale: &Scale<'_>) -> (f64, f64) {
    let own = node.own_cost * node.fraction * node.loops;
    let Some(table) = &node.table else {
        return match node.kind.as_str() {
            "Bitmap Index Scan" => of_index(node, own, f64::MAX, scale),
            _ => (0.0, own * CPU_UNIT),
        };
    };
    let blocks = scale.blocks.get(table).map_or(f64::MAX, |blocks| *blocks as f64);
    if node.kind.ends_with("Seq Scan") {
        let blocks = blocks.min(node.own_cost);
        return (blocks * SEQUENTIAL_PAGE, (own - blocks).max(0.0) * CPU_UNIT);
    }
    if node.kind == "Tid Range Scan" {
        let cpu = node.rows.unwrap_or_default() * TUPLE;
        return ((own - cpu).clamp(0.0, blocks) * SEQUENTIAL_PAGE, cpu * CPU_UNIT);
    }
    of_index(node, own, blocks * WITH_INDEX, scale)
}

/// What an index finds costs pages at random; what the planner counts beyond rows is pages.
fn of_index(node: &PlanNode, own: f64, most_pages: f64, scale: &Scale<'_>) -> (f64, f64) {
    let rows = node.rows.unwrap_or_default() * node.fraction * node.loops;
    let kept = (rows * (TUPLE + INDEX_TUPLE)).min(own);
    // Rows that a filter drops are not told; of what they cost, this part is cpu where a range of a key is read.
    let cpu = match node.filter {
        Some(_) => kept.max(own * CPU_PART),
        None => kept,
    };
    let pages = ((own - cpu) / scale.random_page_cost.max(0.1)).min(most_pages);
    (pages * RANDOM_PAGE, cpu * CPU_UNIT)
}

fn rows_below_aggregates(nodes: &[PlanNode]) -> f64 {
    let below = nodes
        .iter()
        .find(|node| !node.kind.ends_with("Aggregate") && !node.kind.starts_with("Gather"));
    below.and_then(|node| node.rows).unwrap_or_default()
}

/// The time that a plan of SQLite takes.
pub(super) fn of_sqlite(nodes: &[PlanNode], distinct: bool) -> Prediction {
    let (mut pages, mut rows) = (0.0, 0.0);
    for node in nodes.iter().filter(|node| node.table.is_some()) {
        let read = node.rows.unwrap_or_default();
        let page = match node.condition.is_some() && !node.kind.ends_with("alone") && node.index.is_some() {
            true => RANDOM_PAGE,
            false => SEQUENTIAL_PAGE,
        };
        pages += read / SQLITE_ROWS_OF_A_PAGE * page;
        rows += read * SQLITE_ROW;
    }
    if distinct {
        rows += nodes.iter().filter_map(|node| node.rows).fold(0.0, f64::max) * DISTINCT_ROW;
    }
    Prediction::of(pages, rows)
}
