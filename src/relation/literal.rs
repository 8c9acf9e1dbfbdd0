//! Literals: one spelling for each value, and quoting that no text can leave.

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Continue};

use sqlparser::ast::{Expr, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut};
use sqlparser::tokenizer::Span;

use super::Dialect;
use super::parse::rewrite;

/// A value of the tree.
pub(super) fn value(value: Value) -> Expr {
    Expr::Value(ValueWithSpan {
        value,
        span: Span::empty(),
    })
}

/// A text.
pub(super) fn string(text: impl Into<String>) -> Expr {
    value(Value::SingleQuotedString(text.into()))
}

/// A number that is not negative, or one that stands behind a comparison.
pub(super) fn number(number: impl ToString) -> Expr {
    value(Value::Number(number.to_string(), false))
}

/// An integer behind a comparison. The lowest one is written as text, because PostgreSQL reads its digits before its
/// sign and takes them for a numeric; an index would not serve that.
pub(super) fn integer(integer: i64, dialect: Dialect) -> Expr {
    match (integer, dialect) {
        (i64::MIN, Dialect::Postgres) => string(integer.to_string()),
        _ => number(integer),
    }
}

/// A text as a literal of the dialect.
///
/// PostgreSQL reads backslashes by the session's `standard_conforming_strings`; as its own `quote_literal` does, a text
/// with backslashes is written in the form that does not depend on it.
pub(super) fn quote_text(text: &str, dialect: Dialect) -> String {
    let quotes_doubled = text.replace('\'', "''");
    match dialect {
        Dialect::Postgres if text.contains('\\') => format!("E'{}'", quotes_doubled.replace('\\', "\\\\")),
        Dialect::Postgres | Dialect::Sqlite => format!("'{quotes_doubled}'"),
    }
}

/// A name in double quotes, which both dialects read alike.
pub(super) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Give every literal one spelling, and keep signs apart: two of them in a row would start a comment.
pub(super) fn normalise<T: VisitMut>(part: &mut T) {
    rewrite(part, &mut Normaliser);
}

struct Normaliser;

impl VisitorMut for Normaliser {
    type Break = Infallible;

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Infallible> {
        let plain = match &mut value.value {
            Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => Value::SingleQuotedString(std::mem::take(text)),
            Value::DollarQuotedString(text) => Value::SingleQuotedString(std::mem::take(&mut text.value)),
            Value::Number(digits, _) => Value::Number(digits.replace('_', ""), false),
            _ => return Continue(()),
        };
        value.value = plain;
        Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::UnaryOp { expr: operand, .. } = expr
            && let Expr::UnaryOp { op, .. } = operand.as_ref()
            && *op != UnaryOperator::Not
        {
            nest(operand);
        }
        Continue(())
    }
}

/// Put brackets around an expression.
pub(super) fn nest(expr: &mut Expr) {
    let inner = std::mem::replace(expr, value(Value::Null));
    *expr = Expr::Nested(Box::new(inner));
}
