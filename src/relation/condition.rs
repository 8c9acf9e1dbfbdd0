//! What every row of a relation meets, as far as an index could serve it.

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Continue};

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, VisitorMut};

use super::identifiers::quoted;
use super::parse::rewrite;
use super::{Column, Dialect, Relation, RelationError, instant, render};

/// One condition on a column of one table: a part of the WHERE that the other parts only narrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub column: Column,
    pub kind: ConditionKind,
    expr: Expr,
}

/// How an index serves a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionKind {
    /// `column = constant`: rows lie together wherever the column stands in front.
    Equal,
    /// Between two constants, or on one side of one: rows lie together behind equal columns.
    Range,
    /// Any other comparison with constants, which a partial index can hold.
    Constant,
}

impl Relation {
    /// The conditions that its WHERE puts on single columns of the item of FROM called `alias`, in their order.
    pub fn conditions(&self, alias: &str) -> Vec<Condition> {
        let mut conditions = Vec::new();
        if let Some(filter) = &self.parts.filter {
            collect(filter, &mut conditions);
        }
        conditions.retain(|condition| condition.column.table == alias);
        conditions
    }

    /// The rows of one real table that meet some of its conditions; `None` where the alias is no table.
    pub fn narrowed(&self, alias: &str, conditions: &[&Condition]) -> Option<Relation> {
        let mut relation = self.base_of(alias)?;
        for condition in conditions {
            relation.add_filter(condition.expr.clone());
        }
        Some(relation)
    }
}

impl Condition {
    /// The condition as an index says it, its column without its table; `None` where the constants move with time.
    ///
    /// # Errors
    /// A form that the dialect has not.
    pub fn of_index(&self, dialect: Dialect) -> Option<Result<String, RelationError>> {
        if self.kind == ConditionKind::Range {
            return None;
        }
        let mut expr = self.expr.clone();
        rewrite(&mut expr, &mut Unqualifier);
        Some(render::text(&expr, dialect))
    }
}

struct Unqualifier;

impl VisitorMut for Unqualifier {
    type Break = Infallible;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Some(column) = column_of(expr) {
            *expr = Expr::Identifier(quoted(&column.name));
        }
        Continue(())
    }
}

fn collect(expr: &Expr, found: &mut Vec<Condition>) {
    match expr {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            collect(left, found);
            collect(right, found);
        }
        Expr::Nested(inner) => collect(inner, found),
        expr => found.extend(condition(expr)),
    }
}

fn condition(expr: &Expr) -> Option<Condition> {
    let (column, kind) = match expr {
        Expr::BinaryOp { left, op, right } => match (column_of(left), column_of(right)) {
            (Some(column), None) if is_constant(right) => (column, comparison(op, right)?),
            (None, Some(column)) if is_constant(left) => (column, comparison(op, left)?),
            _ => return None,
        },
        Expr::Between {
            expr,
            negated: false,
            low,
            high,
        } if is_constant(low) && is_constant(high) => (column_of(expr)?, ConditionKind::Range),
        Expr::InList { expr, list, .. } if list.iter().all(|item| is_constant(item) && !is_instant(item)) => {
            (column_of(expr)?, ConditionKind::Constant)
        }
        Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::IsTrue(expr)
        | Expr::IsNotTrue(expr)
        | Expr::IsFalse(expr)
        | Expr::IsNotFalse(expr)
        | Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => (column_of(expr)?, ConditionKind::Constant),
        expr => (column_of(expr)?, ConditionKind::Constant),
    };
    Some(Condition {
        column,
        kind,
        expr: expr.clone(),
    })
}

fn comparison(operator: &BinaryOperator, constant: &Expr) -> Option<ConditionKind> {
    match operator {
        BinaryOperator::Eq => Some(ConditionKind::Equal),
        BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq => {
            Some(ConditionKind::Range)
        }
        BinaryOperator::NotEq if !is_instant(constant) => Some(ConditionKind::Constant),
        _ => None,
    }
}

pub(super) fn column_of(expr: &Expr) -> Option<Column> {
    match expr {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [table, name] => Some(Column {
                table: table.value.clone(),
                name: name.value.clone(),
            }),
            _ => None,
        },
        Expr::Nested(inner) => column_of(inner),
        _ => None,
    }
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_constant(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_constant(expr),
        _ => false,
    }
}

fn is_instant(expr: &Expr) -> bool {
    instant::of(expr).is_some()
}
