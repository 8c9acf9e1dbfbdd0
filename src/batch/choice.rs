//! Which measures of a table are read together, and how: by what the database's planner says that it costs.
//!
//! A table that fits into one statement is read once for all. Of larger tables the plan of each measure tells whether an
//! index serves it better than a place in the shared scan (spec, measured: costs of whole plans tell the ratio of times to
//! a few per cent).

mod clusters;
mod groups;
mod sizes;

use groups::by_from;
use sizes::{blocks, is_bounded, is_sized, small_cost};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::member::{Asked, Member};
use super::pace::{Pace, ROWS_OF_A_BLOCK, Unit, packed_rows};
use super::partition::{DEFAULT_DISTINCT_BATCH, Partition, has_blocks, of_blocks};
use super::prepare::{Prepared, Tables};
use super::price::{Base, Price, prices};
use super::scan::{Design, Kept};
use super::strategy::{RangeKind, Sharing, Strategy};
use super::why::{Obstacle, Why};
use crate::measure::{Consistency, DatabaseMeasure, Failure, Reason};
use crate::relation::{Aggregate, Dialect, MainTable, Relation, SharedRelation};
use crate::source::database::{Session, TableInfo, TableKind};

/// Blocks of 8 KiB that are read in one statement without asking what it costs.
const SMALL_TABLE: u64 = 2_048;
/// The same for SQLite, which does not say how large a table is.
const FEW_ROWS: u64 = 100_000;
/// What a unit of the planner takes at most, in memory (measured: 0.9 to 5.4 us).
const SLOWEST_UNIT: Duration = Duration::from_micros(5);
/// Conditions in common that are tried.
const MOST_TERMS: usize = 8;
/// Groups that a shared statement may have: each range gives a row for each.
const SHARED_GROUPS: f64 = 1_000.0;

/// The measures of one table, and what is needed to choose.
pub(super) struct Family<'a, 'b> {
    pub(super) prepared: Vec<Prepared<'a>>,
    pub(super) tables: &'b Tables,
    pub(super) strategy: Strategy,
    pub(super) batch_time: Duration,
}

/// The scans that read the measures, and what cannot be read.
pub(super) async fn designs<'a>(
    family: Family<'a, '_>,
    session: &mut Session,
) -> (Vec<Design<'a>>, Vec<(usize, Failure)>) {
    let mut chooser = Chooser::of(&family, session);
    let mut buckets: BTreeMap<String, Vec<Prepared<'a>>> = BTreeMap::new();
    for prepared in family.prepared {
        let why = match prepared.member.obstacle() {
            _ if family.strategy.sharing == Sharing::Never => Some(Why::Separate),
            obstacle => obstacle.map(Why::Obstacle),
        };
        if let Some(why) = why {
            chooser.apart(prepared.joined(), None, why);
            continue;
        }
        let key = format!("{:?}", prepared.partition);
        buckets.entry(key).or_default().push(prepared);
    }
    for bucket in buckets.into_values() {
        for group in chooser.compatible(bucket) {
            chooser.choose(group, session).await;
        }
    }
    (chooser.designs, chooser.failures)
}

/// The design of a scan that another process has begun: the same members and ranges, whatever would be chosen now.
pub(super) fn restored_design<'a>(family: Family<'a, '_>, kept: &Kept, session: &Session) -> Option<Design<'a>> {
    let mut chooser = Chooser::of(&family, session);
    let relation = match family.prepared.as_slice() {
        [one] => SharedRelation::of(&[one.member.relation()], &|_, _| false),
        several => chooser.related(several),
    };
    let (partition, otherwise) = (kept.partition.clone(), kept.otherwise.clone());
    chooser.design(
        family.prepared,
        relation?,
        partition,
        otherwise,
        Some(kept.cost),
        Why::OnePass,
    );
    chooser.designs.pop()
}

struct Chooser<'a, 'b> {
    tables: &'b Tables,
    strategy: Strategy,
    batch_time: Duration,
    dialect: Dialect,
    reads_blocks: bool,
    designs: Vec<Design<'a>>,
    failures: Vec<(usize, Failure)>,
}

impl<'a, 'b> Chooser<'a, 'b> {
    fn of(family: &Family<'a, 'b>, session: &Session) -> Chooser<'a, 'b> {
        Chooser {
            tables: family.tables,
            strategy: family.strategy,
            batch_time: family.batch_time,
            dialect: session.dialect(),
            reads_blocks: session.reads_block_ranges(),
            designs: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// The measures in groups that one statement can tell apart.
    fn compatible(&self, bucket: Vec<Prepared<'a>>) -> Vec<Vec<Prepared<'a>>> {
        let relations: Vec<_> = bucket.iter().map(|one| one.member.relation()).collect();
        let groups = SharedRelation::groups(&relations, &|table, columns| self.is_unique(table, columns));
        let mut bucket: Vec<Option<Prepared<'a>>> = bucket.into_iter().map(Some).collect();
        let mut compatible = Vec::new();
        for group in groups {
            let group = group.into_iter().filter_map(|place| bucket.get_mut(place)?.take());
            self.writable(group.collect(), &mut compatible);
        }
        compatible
    }

    /// What asks too much of one statement is halved.
    fn writable(&self, mut group: Vec<Prepared<'a>>, writable: &mut Vec<Vec<Prepared<'a>>>) {
        if group.len() < 2 || self.related(&group).is_some() {
            writable.push(group);
            return;
        }
        let rest = group.split_off(group.len() / 2);
        self.writable(group, writable);
        self.writable(rest, writable);
    }

    fn related(&self, members: &[Prepared<'a>]) -> Option<SharedRelation> {
        self.related_of(&members.iter().collect::<Vec<_>>())
    }

    fn related_of(&self, members: &[&Prepared<'a>]) -> Option<SharedRelation> {
        let relations: Vec<_> = members.iter().map(|one| one.member.relation()).collect();
        let shared = self.shared(&relations)?;
        let asked: Vec<Vec<Aggregate>> = members.iter().map(|one| one.member.aggregates()).collect();
        shared.select(self.dialect, &asked, None).ok().map(|_| shared)
    }

    fn shared(&self, relations: &[&Relation]) -> Option<SharedRelation> {
        SharedRelation::of(relations, &|table, columns| self.is_unique(table, columns))
    }

    fn is_unique(&self, table: &MainTable, columns: &[String]) -> bool {
        self.tables.is_key(table, columns)
    }

    async fn choose(&mut self, group: Vec<Prepared<'a>>, session: &mut Session) {
        let are_small = self.are_small(&group);
        if are_small || self.dialect == Dialect::Sqlite {
            for same_keys in self.by_keys(group) {
                let why = match are_small {
                    _ if same_keys.len() == 1 => Why::Lone { cost: None },
                    true => Why::Small,
                    false => Why::OnePass,
                };
                self.together(same_keys, None, why);
            }
            return;
        }
        let prices = prices(&group, &|relations| self.shared(relations), session).await;
        let (base, priced) = match prices {
            Ok(prices) => prices,
            Err(failure) => {
                let failed = group.iter().map(|one| (one.member.index, failure.clone()));
                self.failures.extend(failed);
                return;
            }
        };
        let mut members = Vec::new();
        for (one, price) in group.into_iter().zip(priced) {
            match price {
                Ok(price) => members.push((one, price)),
                Err(failure) => self.failures.push((one.member.index, failure)),
            }
        }
        if self.strategy.sharing == Sharing::Always {
            for riders in self.by_groups(members, base.cost) {
                let cost = riders.cost;
                self.together(riders.members, Some(cost), Why::Asked { cost });
            }
            return;
        }
        let parts = by_from(members, base);
        let several = parts.len() > 1;
        for members in parts {
            self.by_cost(base.cost, members, several, session).await;
        }
    }

    async fn by_cost(&mut self, base: f64, members: Vec<(Prepared<'a>, Price)>, is_part: bool, session: &mut Session) {
        let is_lone = members.len() == 1;
        let joins = is_part && members.iter().all(|(one, _)| one.member.relation().is_joined());
        let (riders, alone): (Vec<_>, Vec<_>) = members.into_iter().partition(|(_, price)| price.riding < price.alone);
        let together = base + riders.iter().map(|(_, price)| price.riding).sum::<f64>();
        let apart: f64 = riders.iter().map(|(_, price)| price.alone).sum();
        let pays = together < apart;
        let (riders, alone) = match pays {
            true => (riders, alone),
            false => (Vec::new(), riders.into_iter().chain(alone).collect()),
        };
        let alone = alone.into_iter().map(|(one, price)| (one.joined(), price)).collect();
        for riders in self.by_groups(riders, base) {
            let (cost, apart) = (riders.cost, riders.apart);
            let why = match riders.members.len() {
                1 if is_lone && joins => Why::Joins { cost },
                1 if is_lone => Why::Lone { cost: Some(cost) },
                1 => Why::Groups { cost },
                _ => Why::Together { cost, apart },
            };
            match self.by_own_values(&riders.members) {
                Some(one) => self.apart(one, Some(cost), why),
                None => self.together(riders.members, Some(cost), why),
            }
        }
        for (cluster, cost) in self.clusters(alone, session).await {
            let (members, prices): (Vec<_>, Vec<_>) = cluster.into_iter().unzip();
            let why = match prices.as_slice() {
                [_] if is_lone && joins => Why::Joins { cost },
                [_] if is_lone => Why::Lone { cost: Some(cost) },
                [Price { riding, alone, .. }] if !pays && riding < alone => Why::NoScan { cost, together, apart },
                [Price { riding, .. }] => Why::OwnStatement { cost, riding: *riding },
                prices => Why::Condition {
                    cost,
                    apart: prices.iter().map(|price| price.alone).sum(),
                },
            };
            let rows = prices.iter().map(|price| price.rows).fold(0.0, f64::max);
            self.selective(members, base, cost, rows, why);
        }
    }

    /// A distinct count of all rows that stands by itself, over the index of its column: that holds its values in order, so
    /// that none is fetched (measured: 0.6 of a pass over the table).
    fn by_own_values(&self, members: &[Prepared<'a>]) -> Option<Prepared<'a>> {
        let [one] = members else { return None };
        let relation = &one.member.measure.relation;
        if !matches!(one.member.asked, Asked::Distinct(..)) || relation.has_filter() || relation.is_joined() {
            return None;
        }
        let by_values = super::prepare::by_values(&one.member, self.tables, self.reads_blocks).ok()?;
        has_index(&by_values).then_some(by_values)
    }

    /// One pass over the table for all of them.
    fn together(&mut self, members: Vec<Prepared<'a>>, cost: Option<f64>, why: Why) {
        let Some(first) = members.first().cloned() else { return };
        let Some(relation) = self.related(&members) else {
            return members
                .into_iter()
                .for_each(|one| self.apart(one, None, Why::Obstacle(Obstacle::Rows)));
        };
        let is_small = self.strategy.ranges == RangeKind::Auto && self.are_small(&members);
        let approximate = self.strategy.ranges == RangeKind::Auto
            && members.iter().all(|one| tolerates_updates(one.member.measure))
            && !is_bounded(&first);
        let partition = match &first.table {
            _ if is_small => Partition::Whole,
            Some(table) if approximate && self.reads_blocks && has_blocks(first.member.measure, table) => {
                of_blocks(first.member.measure.relation.main_alias(), table)
            }
            _ => first.partition.clone(),
        };
        let otherwise = is_small.then(|| first.partition.clone());
        self.design(members, relation, partition, otherwise, cost, why);
    }

    /// A few rows that an index finds: one statement, because each range would ask the index again.
    fn selective(&mut self, members: Vec<Prepared<'a>>, base: f64, cost: f64, rows: f64, why: Why) {
        let Some(first) = members.first().cloned() else { return };
        let Some(relation) = self.related(&members) else {
            return members
                .into_iter()
                .for_each(|one| self.apart(one, None, Why::Obstacle(Obstacle::Rows)));
        };
        let packed = packed(&members);
        let fits = packed_rows(packed).is_none_or(|most| rows <= most as f64);
        // What no index serves may take twice as long as its cost says, where it joins (measured): ranges keep it short.
        let most = if cost < base { 1.0 } else { 0.5 };
        let is_short = SLOWEST_UNIT.mul_f64(cost.max(0.0)) <= self.batch_time.mul_f64(most) && fits;
        let is_free = members.iter().all(|one| !is_bounded(one) && !is_sized(one));
        let whole = is_short && self.strategy.ranges == RangeKind::Auto && is_free;
        // Sketches are merged, whatever rows a range holds: they stay with the key of the table.
        let by_values = matches!(first.member.asked, Asked::Distinct(..)) && !whole && members.len() == 1;
        if by_values
            && let Ok(one) = super::prepare::by_values(&first.member, self.tables, self.reads_blocks)
            && has_index(&one)
        {
            return self.apart(one, Some(cost), why);
        }
        let (partition, otherwise) = match whole {
            true => (Partition::Whole, Some(first.partition.clone())),
            false => (first.partition.clone(), None),
        };
        self.design(members, relation, partition, otherwise, Some(cost), why);
    }

    /// A measure by itself, in the ranges that are its own.
    fn apart(&mut self, one: Prepared<'a>, cost: Option<f64>, why: Why) {
        let Some(relation) = SharedRelation::of(&[one.member.relation()], &|_, _| false) else {
            let failure = Failure::new(Reason::InvalidStatement, "the statement cannot be written");
            return self.failures.push((one.member.index, failure));
        };
        let partition = one.partition.clone();
        self.design(vec![one], relation, partition, None, cost, why);
    }

    fn design(
        &mut self,
        members: Vec<Prepared<'a>>,
        relation: SharedRelation,
        partition: Partition,
        otherwise: Option<Partition>,
        cost: Option<f64>,
        why: Why,
    ) {
        let Some(first) = members.first() else { return };
        let unit = match partition {
            Partition::Blocks { .. } => Unit::Blocks,
            _ => Unit::Rows,
        };
        let packed = packed(&members);
        let declared = members.iter().filter_map(|one| one.member.measure.batch_size).min();
        let declared = declared.filter(|_| unit == Unit::Rows).or(unbounded(&partition));
        let table = first.table.clone();
        let ends = ends(first, &members);
        let pace = Pace::new(self.strategy.sharing, self.batch_time, unit, packed, declared);
        let by_values = first.member.obstacle() == Some(Obstacle::DistinctValues);
        let pace = match (cost, all_of(unit, table.as_deref())) {
            // Each range is sorted: ten times as wide, they took 1.6 times as long in all as by hand in these (measured).
            _ if by_values => pace.no_wider_than(DEFAULT_DISTINCT_BATCH),
            (Some(cost), Some(all)) => pace.starting(all, SLOWEST_UNIT.mul_f64(cost.max(0.0))),
            _ => pace,
        };
        let cost = cost.unwrap_or_else(|| small_cost(table.as_deref(), members.len()));
        let members: Vec<Member<'a>> = members.into_iter().map(|one| one.member).collect();
        self.designs.push(Design {
            pace,
            members,
            relation,
            partition,
            otherwise,
            ends,
            table,
            cost,
            why,
        });
    }
}

/// What a table has in the unit of its ranges, as far as somebody knows.
fn all_of(unit: Unit, table: Option<&TableInfo>) -> Option<u64> {
    match unit {
        Unit::Rows => table?.estimated_rows,
        Unit::Blocks => table.map(blocks),
    }
}

/// A range over everything is as large as it is for a reason.
fn unbounded(partition: &Partition) -> Option<u64> {
    match partition {
        Partition::Integer {
            batch_size: Some(u64::MAX),
            ..
        } => Some(u64::MAX),
        _ => None,
    }
}

/// The measure whose ends are those of all: without a window, where not all have the same.
fn ends(first: &Prepared<'_>, members: &[Prepared<'_>]) -> DatabaseMeasure {
    let mut ends = first.member.measure.clone();
    if let Some(keys) = &first.member.keys {
        ends.relation = keys.rows.clone();
    }
    if members.iter().any(|one| one.member.measure.window != ends.window) {
        ends.window = None;
    }
    if !members.iter().all(|one| tolerates_updates(one.member.measure)) {
        ends.consistency = Consistency::Exact;
    }
    ends
}

/// How many packed values a statement has of them; equal ones stand in it once.
fn packed(members: &[Prepared<'_>]) -> usize {
    let packed = members.iter().filter(|one| one.member.is_packed());
    let values = packed.map(|one| {
        let rows = one.member.measure.relation.normal_text().unwrap_or_default();
        (rows, one.member.measure.column.clone())
    });
    values.collect::<BTreeSet<_>>().len()
}

/// Whether rows may be seen twice, or not at all, where they are updated while they are counted.
fn tolerates_updates(measure: &DatabaseMeasure) -> bool {
    measure.consistency == Consistency::Approximate
}

/// Whether its ranges are found by an index.
fn has_index(one: &Prepared<'_>) -> bool {
    match (&one.partition, &one.table) {
        (Partition::Integer { column, .. }, Some(table)) => table.indexed.contains(&column.name),
        _ => false,
    }
}
