//! A measure held against the catalogue: what it asks of each range, and how its rows are split.

use std::collections::HashMap;
use std::sync::Arc;

use super::keys::ByKeys;
use super::member::{Asked, Member};
use super::partition::{Partition, choose, choose_by_key};
use super::scan::unwritable;
use super::strategy::{RangeKind, Sharing, Strategy};
use super::tally::aggregates;
use crate::measure::{DatabaseMeasure, Failure, Reason};
use crate::relation::{Aggregate, Column, Dialect, MainTable, Operation};
use crate::source::database::{ColumnKind, Database, DatabaseError, Session, TableInfo};

/// What a look at the catalogue gave; `None` for what it has not.
type Looked = Result<Option<Arc<TableInfo>>, Failure>;

/// The tables of a family's measures by schema and name, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Tables {
    looked: HashMap<(Option<String>, String), Looked>,
    /// Statements that give keys, in the order of the parameters that hold them.
    keys: Vec<String>,
}

impl Tables {
    /// The table as the catalogue has it; `None` for what it has not.
    pub(super) fn get(&self, table: &MainTable) -> Option<&Arc<TableInfo>> {
        let found = self.looked.get(&(table.schema.clone(), table.name.clone()))?;
        found.as_ref().ok()?.as_ref()
    }

    /// The parameter that holds the keys which a statement gives: 1, 2, …
    pub(super) fn parameter_of(&mut self, statement: &str) -> usize {
        if let Some(place) = self.keys.iter().position(|known| known == statement) {
            return place + 1;
        }
        self.keys.push(statement.to_owned());
        self.keys.len()
    }

    /// Looks up every table that the measure names.
    ///
    /// # Errors
    /// A look at the catalogue failed.
    pub(super) async fn look_up_all(
        &mut self,
        measure: &DatabaseMeasure,
        session: &mut Session,
        database: &Database,
    ) -> Result<(), Failure> {
        for table in measure.relation.tables() {
            self.look_up(&table, session, database).await?;
        }
        Ok(())
    }

    /// A table that is locked makes the first of its measures wait, not all.
    async fn look_up(&mut self, table: &MainTable, session: &mut Session, database: &Database) -> Result<(), Failure> {
        let key = (table.schema.clone(), table.name.clone());
        if let Some(known) = self.looked.get(&key) {
            return known.as_ref().map(drop).map_err(Failure::clone);
        }
        let found = database.table(session, table).await;
        if found.as_ref().is_err_and(DatabaseError::ends_session) {
            return found.map(drop).map_err(Failure::from);
        }
        let found = self.looked.entry(key).or_insert(found.map_err(Failure::from));
        found.as_ref().map(drop).map_err(|failure| failure.clone())
    }
}

/// A measure that can be read.
#[derive(Debug, Clone)]
pub(super) struct Prepared<'a> {
    pub(super) member: Member<'a>,
    pub(super) partition: Partition,
    /// The table whose rows are split.
    pub(super) table: Option<Arc<TableInfo>>,
}

impl Prepared<'_> {
    /// The same, by its own joins.
    pub(super) fn joined(self) -> Self {
        Prepared {
            member: self.member.joined(),
            ..self
        }
    }
}

/// Looks up what the measure's tables are, and says how it is read by itself.
///
/// # Errors
/// What cannot be asked, or cannot be written; a look at the catalogue failed.
pub(super) async fn prepared<'a>(
    index: usize,
    measure: &'a DatabaseMeasure,
    session: &mut Session,
    database: &Database,
    tables: &mut Tables,
    strategy: Strategy,
) -> Result<Prepared<'a>, Failure> {
    tables.look_up_all(measure, session, database).await?;
    let blocks = session.reads_block_ranges();
    let asked = asked(measure, tables, strategy)?;
    let by_values = matches!(
        (&asked, measure.operation),
        (Asked::Numbers(..), Operation::DistinctCount)
    );
    let alias = match &measure.column {
        Some(column) if by_values => column.table.as_str(),
        _ => measure.relation.main_alias(),
    };
    let table = of_alias(measure, alias, tables);
    let partition = match &asked {
        Asked::Histogram { .. } => Partition::Whole,
        _ if by_values || strategy.sharing == Sharing::Never && strategy.ranges == RangeKind::Auto => {
            choose(measure, table.as_deref(), blocks)?
        }
        _ => choose_by_key(measure, table.as_deref(), blocks, strategy.ranges)?,
    };
    let shares = strategy.sharing != Sharing::Never && session.dialect() == Dialect::Postgres;
    let mut member = Member {
        index,
        measure,
        asked,
        keys: None,
    };
    must_be_writable(&member, session)?;
    if shares && member.obstacle().is_none() {
        member.keys = ByKeys::of(measure, tables).map(Arc::new);
    }
    let prepared = Prepared {
        member,
        partition,
        table,
    };
    match prepared.partition {
        Partition::Whole if prepared.member.is_packed() => unpacked(prepared, tables, blocks),
        _ => Ok(prepared),
    }
}

/// All rows at once may be too many for one packed value.
fn unpacked<'a>(prepared: Prepared<'a>, tables: &Tables, blocks: bool) -> Result<Prepared<'a>, Failure> {
    match &prepared.member.asked {
        Asked::Sketch(..) => Ok(Prepared {
            member: prepared.member.unpacked(),
            ..prepared
        }),
        _ => by_values(&prepared.member, tables, blocks),
    }
}

/// The measure with its distinct values counted in ranges of themselves.
///
/// # Errors
/// As [`choose`].
pub(super) fn by_values<'a>(member: &Member<'a>, tables: &Tables, blocks: bool) -> Result<Prepared<'a>, Failure> {
    let member = member.by_values();
    let alias = match &member.measure.column {
        Some(column) => column.table.as_str(),
        None => member.measure.relation.main_alias(),
    };
    let table = of_alias(member.measure, alias, tables);
    let partition = choose(member.measure, table.as_deref(), blocks)?;
    Ok(Prepared {
        member,
        partition,
        table,
    })
}

/// The table that stands in FROM under this alias.
pub(super) fn of_alias(measure: &DatabaseMeasure, alias: &str, tables: &Tables) -> Option<Arc<TableInfo>> {
    tables.get(&measure.relation.table(alias)?).cloned()
}

fn asked(measure: &DatabaseMeasure, tables: &Tables, strategy: Strategy) -> Result<Asked, Failure> {
    let kind = |column: &Column| {
        let table = of_alias(measure, &column.table, tables)?;
        table.columns.get(&column.name).map(|info| info.kind)
    };
    let width = |column: &Column| kind(column)?.integer_width();
    match (measure.operation, &measure.column) {
        (Operation::Histogram { from, to, size }, Some(_)) => Ok(Asked::Histogram { from, to, size }),
        (Operation::EstimateBatchDistinctCount, Some(column)) => {
            // One packed value holds a whole range, which must therefore have a bounded number of rows.
            match width(column) {
                Some(width) => Ok(Asked::Sketch(column.clone(), width)),
                None => Ok(Asked::Values(column.clone())),
            }
        }
        (Operation::DistinctCount, Some(column))
            if let Some(width) = width(column)
                && tells_apart(measure, strategy) =>
        {
            Ok(Asked::Distinct(column.clone(), width))
        }
        (Operation::Sum | Operation::Average, Some(column)) if kind(column) == Some(ColumnKind::Text) => {
            // SQLite reads a number out of any text, which would make a wrong sum of what PostgreSQL refuses.
            let message = format!(
                "column {:?} of {:?} holds text, which cannot be summed",
                column.name, column.table
            );
            Err(Failure::new(Reason::WrongType, message))
        }
        (operation, _) => {
            let column = counted_column(measure, tables);
            let (merge, mut wanted) = aggregates(operation, column.as_ref())
                .ok_or_else(|| Failure::new(Reason::InvalidOptions, "the operation needs a column"))?;
            if strategy.sharing != Sharing::Never {
                wanted
                    .iter_mut()
                    .for_each(|aggregate| count_rows(aggregate, measure, tables));
            }
            Ok(Asked::Numbers(merge, wanted))
        }
    }
}

/// Whether distinct integers are fetched and told apart here: of all rows alike.
fn tells_apart(measure: &DatabaseMeasure, strategy: Strategy) -> bool {
    let is_bounded = measure.start.is_some() || measure.finish.is_some();
    strategy.sharing != Sharing::Never && !measure.relation.is_grouped() && !is_bounded && measure.batch_size.is_none()
}

/// What `COUNT` is asked of: rows, where an `id` was only assumed and the table has none.
pub(super) fn counted_column(measure: &DatabaseMeasure, tables: &Tables) -> Option<Column> {
    let Some(assumed) = measure.column.is_none().then(|| measure.counted_column()).flatten() else {
        return measure.column.clone();
    };
    let table = of_alias(measure, &assumed.table, tables);
    let is_there = table.is_none_or(|table| table.columns.contains_key(&assumed.name));
    is_there.then_some(assumed)
}

/// Counts rows instead of a column that each of them has, which need not be looked into then (measured: a statement of some
/// thirty such counts takes 5 % less).
fn count_rows(aggregate: &mut Aggregate, measure: &DatabaseMeasure, tables: &Tables) {
    let Aggregate::Count(column) = aggregate else { return };
    let is_main = column.table == measure.relation.main_alias();
    let table = of_alias(measure, &column.table, tables);
    if is_main && table.is_some_and(|table| !table.is_nullable(&column.name)) {
        *aggregate = Aggregate::CountRows;
    }
}

/// A form that the dialect has not costs its own measure, before it stands beside others.
fn must_be_writable(member: &Member<'_>, session: &Session) -> Result<(), Failure> {
    let relation = &member.measure.relation;
    let aggregates = match &member.asked {
        Asked::Histogram { .. } => vec![Aggregate::CountRows],
        _ => member.aggregates(),
    };
    let written = relation.select(session.dialect(), &aggregates, None);
    written.map(drop).map_err(unwritable)
}
