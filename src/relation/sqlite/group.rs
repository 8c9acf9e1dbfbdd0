//! Brackets where the dialects bind operators differently: `a = b LIKE c` and `a || b + c` are two examples.

use sqlparser::ast::{BinaryOperator, CastKind, Expr, UnaryOperator};

use crate::relation::literal::nest;

/// Put brackets around every operand that is an operation itself. AND, OR and NOT bind alike in both dialects, below
/// everything else, and need none.
pub(super) fn operands(expr: &mut Expr) {
    match expr {
        Expr::BinaryOp {
            op: BinaryOperator::And | BinaryOperator::Or,
            ..
        } => {}
        Expr::UnaryOp {
            op: UnaryOperator::Not, ..
        } => {}
        Expr::BinaryOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right) => {
            group(left);
            group(right);
        }
        Expr::Between { expr, low, high, .. } => {
            group(expr);
            group(low);
            group(high);
        }
        Expr::UnaryOp { expr, .. }
        | Expr::InList { expr, .. }
        | Expr::InSubquery { expr, .. }
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::IsTrue(expr)
        | Expr::IsNotTrue(expr)
        | Expr::IsFalse(expr)
        | Expr::IsNotFalse(expr) => group(expr),
        Expr::Like { expr, pattern, .. } => {
            group(expr);
            group(pattern);
        }
        _ => {}
    }
}

fn group(operand: &mut Expr) {
    let is_operation = match operand {
        Expr::BinaryOp { .. }
        | Expr::UnaryOp { .. }
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Like { .. }
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..) => true,
        Expr::Cast { kind, .. } => *kind == CastKind::DoubleColon,
        _ => false,
    };
    if is_operation {
        nest(operand);
    }
}
