//! The condition that a part of a partition puts on the rows.

use sqlparser::ast::{BinaryOperator, Expr};

use super::literal::{integer, string};
use super::tree::{and, column_expr};
use super::{Column, Dialect, KeyRange, KeyValue, RelationError};

/// The condition; `None` where the range has no end on either side.
///
/// # Errors
///
/// A keyset whose values do not match its columns, and blocks on SQLite, which has none.
pub(super) fn condition(range: &KeyRange, dialect: Dialect) -> Result<Option<Expr>, RelationError> {
    match range {
        KeyRange::Integer { column, from, to } => {
            let bound = |op, value| compare(column_expr(column), op, integer(value, dialect));
            Ok(and(
                Some(bound(BinaryOperator::GtEq, *from)),
                to.map(|to| bound(BinaryOperator::Lt, to)),
            ))
        }
        KeyRange::Keyset { columns, after, until } => {
            let bound = |op, values: &Option<Vec<KeyValue>>| {
                let values = values.as_ref();
                values
                    .map(|values| keyset_bound(columns, op, values, dialect))
                    .transpose()
            };
            Ok(and(
                bound(BinaryOperator::Gt, after)?,
                bound(BinaryOperator::LtEq, until)?,
            ))
        }
        KeyRange::Blocks { table, from, to } => match dialect {
            Dialect::Postgres => {
                let ctid = Column {
                    table: table.clone(),
                    name: "ctid".to_owned(),
                };
                let bound = |op, block: u64| compare(column_expr(&ctid), op, string(format!("({block},0)")));
                Ok(and(
                    Some(bound(BinaryOperator::GtEq, *from)),
                    to.map(|to| bound(BinaryOperator::Lt, to)),
                ))
            }
            Dialect::Sqlite => Err(RelationError::new("SQLite has no ranges of blocks")
                .help("use an integer range over the column `rowid`")),
        },
        // The partition itself stands in FROM.
        KeyRange::OfPartition { range, .. } => match range {
            Some(range) => condition(range, dialect),
            None => Ok(None),
        },
        KeyRange::Null { column } => Ok(Some(Expr::IsNull(Box::new(column_expr(column))))),
    }
}

fn compare(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

fn keyset_bound(
    columns: &[Column],
    op: BinaryOperator,
    values: &[KeyValue],
    dialect: Dialect,
) -> Result<Expr, RelationError> {
    if columns.is_empty() || columns.len() != values.len() {
        return Err(RelationError::new(format!(
            "a keyset of {} columns has a bound of {} values",
            columns.len(),
            values.len()
        )));
    }
    let columns = columns.iter().map(column_expr).collect();
    let values = values.iter().map(|value| literal(value, dialect)).collect();
    Ok(compare(row(columns), op, row(values)))
}

/// Several expressions as a row, one as itself.
fn row(mut parts: Vec<Expr>) -> Expr {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            Expr::Tuple(parts)
        }
    }
}

fn literal(value: &KeyValue, dialect: Dialect) -> Expr {
    match value {
        KeyValue::Integer(value) => integer(*value, dialect),
        KeyValue::Text(text) => string(text.clone()),
    }
}
