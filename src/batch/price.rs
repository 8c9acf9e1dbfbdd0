//! What the database's planner says that measures cost, by themselves and in a shared scan.

use serde_json::Value;

use super::prepare::Prepared;
use crate::measure::Failure;
use crate::relation::{Aggregate, Relation, SharedRelation};
use crate::source::database::Session;

/// What every row of a shared scan costs more where others of its members join, in units of the planner, which has no price
/// for it: each row is made anew with the columns of both sides (measured: 0.06 to 0.07).
const JOINED_ROW: f64 = 0.06;

/// What it costs to look a row's key up in a set (measured: 0.02 to 0.03).
const KEY_LOOKED_UP: f64 = 0.025;

/// A measure's costs, in units of the planner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Price {
    /// One statement for it alone.
    pub(super) alone: f64,
    /// What it adds to a scan that is made anyway.
    pub(super) riding: f64,
    /// Rows that its conditions keep.
    pub(super) rows: f64,
    /// Groups that it has.
    pub(super) groups: f64,
}

/// A bare pass over a table.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Base {
    /// In units of the planner.
    pub(super) cost: f64,
    pub(super) rows: f64,
}

impl Base {
    fn of(pass: &Price) -> Base {
        Base {
            cost: pass.alone,
            rows: pass.rows,
        }
    }

    /// Whether a second pass for those that join costs less than to join for all.
    pub(super) fn is_cheaper_than_joining(&self) -> bool {
        self.cost < self.rows * JOINED_ROW
    }
}

/// The cost of a bare pass over the table, and for each measure its own; of a measure that cannot be planned its failure.
///
/// # Errors
/// The session ended, or not even the table's rows can be counted.
pub(super) async fn prices(
    group: &[Prepared<'_>],
    shared: &(dyn Fn(&[&Relation]) -> Option<SharedRelation> + Sync),
    session: &mut Session,
) -> Result<(Base, Vec<Result<Price, Failure>>), Failure> {
    let dialect = session.dialect();
    let Some(first) = group.first() else {
        return Ok((Base::default(), Vec::new()));
    };
    let table = first.member.measure.relation.base();
    let written = |relation: &Relation, aggregates: &[Aggregate]| relation.select(dialect, aggregates, None);
    let mut statements = vec![written(&table, &[Aggregate::CountRows]).unwrap_or_default()];
    for one in group {
        let sql = written(&one.member.measure.relation, &one.member.aggregates());
        statements.push(sql.unwrap_or_default());
    }
    let mut plans = session.plans(&statements).await.into_iter();
    let base = match plans.next() {
        Some(Ok(plan)) => Base::of(&Price::of(&plan, 0.0)),
        Some(Err(error)) => return Err(error.into()),
        None => Base::default(),
    };
    let mut priced = Vec::with_capacity(group.len());
    for plan in plans {
        match plan {
            Ok(plan) => priced.push(Ok(Price::of(&plan, base.cost))),
            Err(error) if error.ends_session() => return Err(error.into()),
            Err(error) => priced.push(Err(error.into())),
        }
    }
    for (one, price) in group.iter().zip(&mut priced) {
        if let (Some(_), Ok(price)) = (&one.member.keys, price) {
            price.riding = base.rows * KEY_LOOKED_UP;
        }
    }
    ride(group, &mut priced, &table, base.cost, shared, session).await;
    Ok((base, priced))
}

/// What an index serves is weighed against a place in the scan, which is asked for as well.
async fn ride(
    group: &[Prepared<'_>],
    priced: &mut [Result<Price, Failure>],
    table: &Relation,
    base: f64,
    shared: &(dyn Fn(&[&Relation]) -> Option<SharedRelation> + Sync),
    session: &mut Session,
) {
    let dialect = session.dialect();
    let (mut places, mut statements) = (Vec::new(), Vec::new());
    for (place, (one, price)) in group.iter().zip(priced.iter()).enumerate() {
        let Ok(price) = price else { continue };
        if price.alone >= base || one.member.keys.is_some() {
            continue;
        }
        let beside = shared(&[table, &one.member.measure.relation]);
        let asked = [vec![Aggregate::CountRows], one.member.aggregates()];
        if let Some(Ok(statement)) = beside.map(|beside| beside.select(dialect, &asked, None)) {
            places.push(place);
            statements.push(statement.sql);
        }
    }
    for (place, plan) in places.into_iter().zip(session.plans(&statements).await) {
        let cost = plan.ok().and_then(|plan| Price::cost(&plan));
        if let (Some(cost), Some(Ok(price))) = (cost, priced.get_mut(place)) {
            price.riding = (cost - base).max(0.0);
        }
    }
}

impl Price {
    fn of(plan: &str, base: f64) -> Price {
        let document: Value = serde_json::from_str(plan).unwrap_or_default();
        let top = &document[0]["Plan"];
        let number = |node: &Value, name: &str| node[name].as_f64().unwrap_or_default();
        let alone = number(top, "Total Cost");
        Price {
            alone,
            riding: (alone - base).max(0.0),
            rows: number(&top["Plans"][0], "Plan Rows"),
            groups: number(top, "Plan Rows"),
        }
    }

    /// The whole cost of a plan in `EXPLAIN (FORMAT JSON)`.
    pub(super) fn cost(plan: &str) -> Option<f64> {
        let document: Value = serde_json::from_str(plan).ok()?;
        document[0]["Plan"]["Total Cost"].as_f64()
    }
}
