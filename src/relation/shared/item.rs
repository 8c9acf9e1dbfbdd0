//! An item that a FROM joins, and whether it can be joined without changing how often a row is there.

use sqlparser::ast::{BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, TableFactor};

use super::IsUnique;
use super::filter::{conjunction, terms};
use crate::relation::condition::column_of;
use crate::relation::normal::{self, flat};
use crate::relation::{Column, shape};

/// An item of FROM behind the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What the rest of the relation calls it; `None` where nothing can.
    pub alias: Option<String>,
    pub join: Join,
    /// The join as LEFT JOIN, in a spelling that equal joins share.
    key: Join,
    /// Whether rows without a match are left out.
    pub is_inner: bool,
    /// A column that is NULL where a row has no match, and only there; `None` where rows may have several matches.
    pub matched: Option<Column>,
}

impl Item {
    pub(super) fn of(join: &Join, is_unique: &IsUnique<'_>) -> Item {
        Item {
            alias: shape::name_in_from(&join.relation),
            join: join.clone(),
            key: key(join),
            is_inner: !is_left(&join.join_operator),
            matched: matched(join, is_unique),
        }
    }

    /// Whether both join the same table by the same condition, be it INNER or LEFT.
    pub(super) fn joins_as(&self, other: &Item) -> bool {
        self.key == other.key
    }

    /// The join that leaves no row out.
    pub(super) fn outer_join(&self) -> Join {
        let mut join = self.join.clone();
        if let Some(constraint) = constraint(&join.join_operator) {
            join.join_operator = JoinOperator::Left(constraint.clone());
        }
        join
    }
}

/// A table without the alias that repeats its name.
pub(super) fn table_key(factor: &TableFactor) -> TableFactor {
    let mut factor = factor.clone();
    if let TableFactor::Table {
        name,
        alias: alias @ Some(_),
        args: None,
        ..
    } = &mut factor
        && let Some(given) = alias.as_ref().filter(|alias| alias.columns.is_empty())
        && let Some(own) = name.0.last().and_then(|part| part.as_ident())
        && own.value == given.name.value
    {
        *alias = None;
    }
    factor
}

fn key(join: &Join) -> Join {
    let mut key = join.clone();
    key.relation = table_key(&join.relation);
    if let Some(constraint) = constraint(&join.join_operator) {
        let constraint = match constraint {
            JoinConstraint::On(condition) => {
                let normal = normal::conjunction(condition.clone()).ok().flatten();
                let written = || conjunction(terms(Some(condition)).into_iter().map(|term| term.expr));
                normal.or_else(written).map_or(JoinConstraint::None, JoinConstraint::On)
            }
            other => other.clone(),
        };
        key.join_operator = JoinOperator::Left(constraint);
    }
    key
}

/// The constraint of an INNER or LEFT join.
fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint) => Some(constraint),
        _ => None,
    }
}

fn is_left(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_))
}

fn matched(join: &Join, is_unique: &IsUnique<'_>) -> Option<Column> {
    let TableFactor::Table {
        name,
        alias,
        args: None,
        ..
    } = &join.relation
    else {
        return None;
    };
    if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
        return None;
    }
    let table = shape::table(name, alias.as_ref())?;
    let JoinConstraint::On(condition) = constraint(&join.join_operator)? else {
        return None;
    };
    let terms = flat(condition.clone(), &BinaryOperator::And);
    let columns: Vec<String> = terms.iter().filter_map(|term| equated(term, &table.alias)).collect();
    let first = columns.first()?.clone();
    is_unique(&table, &columns).then_some(Column {
        table: table.alias,
        name: first,
    })
}

/// The column of a table that a term holds equal to a column of another, or to a constant. What is calculated may be of a
/// type that makes values equal which the table tells apart, so that several rows match.
fn equated(term: &Expr, alias: &str) -> Option<String> {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = term
    else {
        return None;
    };
    let column = |expr: &Expr| column_of(expr).filter(|column| column.table == alias);
    let is_other = |expr: &Expr| match column_of(expr) {
        Some(column) => column.table != alias,
        None => is_literal(expr),
    };
    match (column(left), column(right)) {
        (Some(column), None) if is_other(right) => Some(column.name),
        (None, Some(column)) if is_other(left) => Some(column.name),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_literal(inner),
        Expr::Value(_) => true,
        _ => false,
    }
}
