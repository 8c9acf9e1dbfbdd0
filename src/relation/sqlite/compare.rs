//! Comparisons with an instant: each takes the spelling that makes comparing texts exact.

use chrono::{DateTime, Utc};
use sqlparser::ast::{BinaryOperator, Expr};

use crate::relation::instant;
use crate::relation::literal::{string, value};

/// Spell the instants of a comparison. `x >= t` and `x < t` take the lowest spelling of `t`, `x > t` and `x <= t` the
/// highest, the other way round where `t` stands on the left; an equality holds for every spelling.
pub(super) fn spell_instants(expr: &mut Expr) {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let equality = match expr {
        Expr::Between { low, high, .. } => {
            spell(low, instant::sqlite_lowest);
            spell(high, instant::sqlite_highest);
            return;
        }
        Expr::BinaryOp { left, op, right } => match (instant::of(left), &*op, instant::of(right)) {
            (None, _, None) => return,
            (None, Eq | NotEq, Some(instant)) => (std::mem::replace(left, Box::new(null())), *op == NotEq, instant),
            (Some(instant), Eq | NotEq, None) => (std::mem::replace(right, Box::new(null())), *op == NotEq, instant),
            (None, Gt | LtEq, Some(_)) => return spell(right, instant::sqlite_highest),
            (Some(_), Lt | GtEq, None) => return spell(left, instant::sqlite_highest),
            _ => return,
        },
        _ => return,
    };
    let (subject, negated, instant) = equality;
    *expr = Expr::Between {
        expr: subject,
        negated,
        low: Box::new(string(instant::sqlite_lowest(instant))),
        high: Box::new(string(instant::sqlite_highest(instant))),
    };
}

/// Instants that are not spelled here take the lowest spelling when they are rendered.
fn spell(expr: &mut Expr, spelling: fn(DateTime<Utc>) -> String) {
    if let Some(instant) = instant::of(expr) {
        *expr = string(spelling(instant));
    }
}

fn null() -> Expr {
    value(sqlparser::ast::Value::Null)
}
