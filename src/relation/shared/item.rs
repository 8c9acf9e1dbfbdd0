//! An item that a FROM joins, and whether it can be joined without changing how often a row is there.

use sqlparser::ast::{BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, TableFactor};

use super::IsUnique;
use super::filter::terms;
use crate::relation::condition::column_of;
use crate::relation::normal::flat;
use crate::relation::{Column, MainTable, shape};

/// An item of FROM behind the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What the rest of the relation calls it; `None` where nothing can.
    pub alias: Option<String>,
    pub join: Join,
    key: Key,
    /// Whether rows without a match are left out.
    pub is_inner: bool,
    /// A column that is NULL where a row has no match, and only there; `None` where rows may have several matches.
    pub matched: Option<Column>,
}

/// A join in a spelling that equal joins share, be they INNER or LEFT.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    table: TableFactor,
    /// The terms of ON, sorted, each once.
    terms: Vec<Expr>,
    /// What is not INNER or LEFT JOIN with ON.
    other: Option<JoinOperator>,
}

impl Item {
    pub(super) fn of(join: &Join, is_unique: &IsUnique<'_>) -> Item {
        Item {
            alias: shape::name_in_from(&join.relation),
            join: join.clone(),
            key: key(join, is_unique),
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

fn key(join: &Join, is_unique: &IsUnique<'_>) -> Key {
    let table = table_key(&join.relation);
    let Some(condition) = condition(join) else {
        return Key {
            table,
            terms: Vec::new(),
            other: Some(join.join_operator.clone()),
        };
    };
    let joined = real_table(&join.relation);
    let mut terms: Vec<Expr> = terms(Some(condition))
        .into_iter()
        .map(|term| match &joined {
            Some(joined) => turned(term.into_key(), joined, is_unique),
            None => term.into_key(),
        })
        .collect();
    terms.sort();
    terms.dedup();
    Key {
        table,
        terms,
        other: None,
    }
}

/// `a = b` with the joined table's column in front, where the column is unique by itself: then its values are told apart
/// alike from either side, which collations of texts may not do.
fn turned(term: Expr, table: &MainTable, is_unique: &IsUnique<'_>) -> Expr {
    match (equated(&term, &table.alias), term) {
        (Some(column), Expr::BinaryOp { left, op, right }) if is_unique(table, std::slice::from_ref(&column)) => {
            let is_in_front = column_of(&left).is_some_and(|left| left.table == table.alias);
            let (left, right) = if is_in_front { (left, right) } else { (right, left) };
            Expr::BinaryOp { left, op, right }
        }
        (_, term) => term,
    }
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

/// The condition of an INNER or LEFT join with ON.
fn condition(join: &Join) -> Option<&Expr> {
    match constraint(&join.join_operator)? {
        JoinConstraint::On(condition) => Some(condition),
        _ => None,
    }
}

/// A table whose columns have their own names.
pub(super) fn real_table(factor: &TableFactor) -> Option<MainTable> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } if alias.as_ref().is_none_or(|alias| alias.columns.is_empty()) => shape::table(name, alias.as_ref()),
        _ => None,
    }
}

fn matched(join: &Join, is_unique: &IsUnique<'_>) -> Option<Column> {
    let table = real_table(&join.relation)?;
    let terms = flat(condition(join)?.clone(), &BinaryOperator::And);
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

/// The columns of two tables that a term holds equal, those of the first table first.
pub(super) fn equated_columns(expr: &Expr, first: &str, second: &str) -> Option<(Column, Column)> {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Eq,
        right,
    } = expr
    else {
        return None;
    };
    let (left, right) = (column_of(left)?, column_of(right)?);
    match (left.table.as_str(), right.table.as_str()) {
        (table, other) if table == first && other == second => Some((left, right)),
        (table, other) if table == second && other == first => Some((right, left)),
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
