//! The index that would serve a measure, where none does.

use super::plan::PlanNode;
use super::statement::{planned, unwritable};
use super::statistics::Statistics;
use crate::measure::{DatabaseMeasure, Failure};
use crate::relation::{Aggregate, Condition, ConditionKind, Dialect, Operation};
use crate::source::database::{Database, IndexInfo, Session, TableKind, indexes};

/// A smaller table is read as fast as any index of it.
const SMALL_TABLE: u64 = 10_000;
/// A condition that keeps more of the rows is served better by reading them all.
const SELECTIVE: f64 = 0.5;
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

/// What is to be said of indexes.
#[derive(Debug, Clone, PartialEq)]
pub enum Advice {
    /// An index that is there serves it.
    Covered(String),
    /// None is wanted, and why.
    NotNeeded(&'static str),
    Create(IndexAdvice),
}

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
    wanted
        .written(&table.name, table.schema.as_deref(), session.dialect())
        .map(Advice::Create)
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

    fn written(&self, table: &str, schema: Option<&str>, dialect: Dialect) -> Result<IndexAdvice, Failure> {
        let mut predicates = Vec::new();
        for condition in &self.constant {
            if let Some(text) = condition.of_index(dialect) {
                predicates.push(text.map_err(unwritable)?);
            }
        }
        let predicate = match predicates.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", predicates.join(" AND ")),
        };
        let columns = self.columns();
        let name = name(table, &columns, &predicate);
        let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let concurrently = match dialect {
            Dialect::Postgres => "CONCURRENTLY ",
            Dialect::Sqlite => "",
        };
        let in_schema = schema.map_or(String::new(), |schema| format!("{}.", quoted(schema)));
        Ok(IndexAdvice {
            up: format!(
                "CREATE INDEX {concurrently}{name} ON {in_schema}{} ({}){predicate}",
                quoted(table),
                list.join(", "),
                name = quoted(&name),
            ),
            down: format!("DROP INDEX {concurrently}{in_schema}{}", quoted(&name)),
            name,
            table: table.to_owned(),
            columns,
        })
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
