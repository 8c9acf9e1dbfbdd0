//! The index that would serve a measure, where none does.

use super::migration::IndexAdvice;
use super::plan::PlanNode;
use super::statement::{planned, unwritable};
use super::statistics::Statistics;
use crate::measure::{DatabaseMeasure, Failure};
use crate::relation::{Aggregate, Condition, ConditionKind, Dialect, MainTable, Operation};
use crate::source::database::{Database, IndexInfo, Session, TableKind, indexes};

/// A smaller table is read as fast as any index of it.
const SMALL_TABLE: u64 = 10_000;
/// A condition that keeps more of the rows is served better by reading them all.
const SELECTIVE: f64 = 0.5;
/// What is to be said of indexes.
#[derive(Debug, Clone, PartialEq)]
pub enum Advice {
    /// An index that is there serves it.
    Covered(String),
    /// None is wanted, and why.
    NotNeeded(&'static str),
    Create(IndexAdvice),
}

/// # Errors
/// As looks at the catalogue, and plans.
pub(super) async fn of(
    session: &mut Session,
    database: &Database,
    measure: &DatabaseMeasure,
    plan: &[PlanNode],
    statistics: &Statistics,
) -> Result<Advice, Failure> {
    let alias = match (measure.operation, &measure.column) {
        (Operation::DistinctCount, Some(column)) => column.table.as_str(),
        _ => measure.relation.main_alias(),
    };
    let Some(table) = measure.relation.table(alias) else {
        return Ok(Advice::NotNeeded("a sub-query has no index of its own"));
    };
    let Some(info) = database.table(session, &table).await? else {
        return Ok(Advice::NotNeeded("the table is not in the catalogue"));
    };
    if info.kind != TableKind::Table {
        return Ok(Advice::NotNeeded("a view has no index of its own"));
    }
    let conditions = measure.relation.conditions(alias);
    let Some(mut wanted) = Wanted::of(measure, alias, &conditions, &info.primary_key) else {
        return Ok(Advice::NotNeeded("all rows are read"));
    };
    let there = indexes(session, &table).await?;
    if let Some(index) = there.iter().find(|index| wanted.is_covered_by(index, plan)) {
        return Ok(Advice::Covered(index.name.clone()));
    }
    if statistics.rows.get(alias).is_some_and(|rows| *rows < SMALL_TABLE) {
        return Ok(Advice::NotNeeded("the table is small"));
    }
    if !wanted.keep_selective(session, measure, alias).await? {
        return Ok(Advice::NotNeeded("the conditions keep most rows"));
    }
    wanted.written(&table, session.dialect()).map(Advice::Create)
}

/// The columns of the index, in the order that serves: equal ones, one range, what is counted.
struct Wanted<'a> {
    equal: Vec<String>,
    range: Option<String>,
    counted: Vec<String>,
    /// Conditions that a partial index could hold.
    constant: Vec<&'a Condition>,
    conditions: &'a [Condition],
    /// Whether the values themselves want an index, whatever the conditions keep.
    distinct: bool,
}

impl<'a> Wanted<'a> {
    fn of(
        measure: &DatabaseMeasure,
        alias: &str,
        conditions: &'a [Condition],
        primary_key: &[String],
    ) -> Option<Wanted<'a>> {
        let named = |kind: ConditionKind| {
            let mut names: Vec<String> = Vec::new();
            for condition in conditions.iter().filter(|condition| condition.kind == kind) {
                if !names.contains(&condition.column.name) {
                    names.push(condition.column.name.clone());
                }
            }
            names
        };
        let distinct = matches!(
            measure.operation,
            Operation::DistinctCount | Operation::Histogram { .. }
        );
        if conditions.is_empty() && !distinct {
            return None;
        }
        let counted = match measure.counted_column() {
            Some(column) if column.table == alias => vec![column.name],
            Some(_) => Vec::new(),
            None => primary_key.to_vec(),
        };
        Some(Wanted {
            equal: named(ConditionKind::Equal),
            range: named(ConditionKind::Range).into_iter().next(),
            counted,
            constant: conditions
                .iter()
                .filter(|condition| condition.kind == ConditionKind::Constant)
                .collect(),
            conditions,
            distinct,
        })
    }

    fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for column in self.equal.iter().chain(&self.range).chain(&self.counted) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// Whether the index leads to the wanted rows: equal columns first, in any order, then the range. A partial index
    /// counts where the plan uses it, for then its condition holds.
    fn is_covered_by(&self, index: &IndexInfo, plan: &[PlanNode]) -> bool {
        let is_used = plan.iter().any(|node| node.index.as_deref() == Some(&index.name));
        if index.partial && !is_used {
            return false;
        }
        let (first, rest) = index.columns.split_at(self.equal.len().min(index.columns.len()));
        let leads = self.equal.iter().all(|column| first.contains(column));
        let then = match (&self.range, self.equal.is_empty()) {
            (Some(range), _) => rest.first() == Some(range),
            (None, false) => true,
            (None, true) if self.constant.is_empty() || index.partial => {
                self.counted.first().is_none_or(|column| rest.first() == Some(column))
            }
            // Nothing but constants, which only a partial index serves.
            (None, true) => false,
        };
        leads && then
    }

    /// Drops the constant conditions that keep most rows; false where nothing selective is left.
    async fn keep_selective(
        &mut self,
        session: &mut Session,
        measure: &DatabaseMeasure,
        alias: &str,
    ) -> Result<bool, Failure> {
        if session.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        if !self.constant.is_empty() && kept(session, measure, alias, &self.constant).await? > SELECTIVE {
            self.constant.clear();
        }
        let serving: Vec<&Condition> = self
            .conditions
            .iter()
            .filter(|condition| condition.kind != ConditionKind::Constant || self.constant.contains(condition))
            .collect();
        Ok(self.distinct || (!serving.is_empty() && kept(session, measure, alias, &serving).await? <= SELECTIVE))
    }

    fn written(&self, table: &MainTable, dialect: Dialect) -> Result<IndexAdvice, Failure> {
        let mut predicates = Vec::new();
        for condition in &self.constant {
            if let Some(text) = condition.of_index(dialect) {
                predicates.push(text.map_err(unwritable)?);
            }
        }
        Ok(IndexAdvice::new(table, self.columns(), &predicates, dialect))
    }
}

/// The part of the table's rows that meets the conditions, as the planner estimates it.
async fn kept(
    session: &mut Session,
    measure: &DatabaseMeasure,
    alias: &str,
    conditions: &[&Condition],
) -> Result<f64, Failure> {
    let all = rows(session, measure, alias, &[]).await?;
    let some = rows(session, measure, alias, conditions).await?;
    Ok(some / all.max(1.0))
}

async fn rows(
    session: &mut Session,
    measure: &DatabaseMeasure,
    alias: &str,
    conditions: &[&Condition],
) -> Result<f64, Failure> {
    let Some(relation) = measure.relation.narrowed(alias, conditions) else {
        return Ok(0.0);
    };
    let wanted = [Aggregate::CountRows];
    let sql = relation.select(session.dialect(), &wanted, None).map_err(unwritable)?;
    let plan = planned(session, &sql).await?;
    // What the planner divides among workers is more than one of them reads.
    let shares = if plan.iter().any(|node| node.kind.starts_with("Gather")) {
        2.4
    } else {
        1.0
    };
    let scan = plan.iter().find(|node| node.table.is_some());
    Ok(scan.and_then(|node| node.rows).unwrap_or_default() * shares)
}
