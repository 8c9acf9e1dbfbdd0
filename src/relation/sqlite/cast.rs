//! Casts. SQLite's own CAST never fails and cuts where PostgreSQL rounds, so each type is spelled on its own.

use std::convert::Infallible;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CharacterLength, DataType, ExactNumberInfo, Expr, TypedString, Value,
    ValueWithSpan, Visit, Visitor, helpers::attached_token::AttachedToken,
};

use super::function::call;
use crate::relation::RelationError;
use crate::relation::instant;
use crate::relation::literal::{nest, number, string, value};
use crate::relation::refusal::{excerpt, not_on_sqlite};

/// How many casts may stand inside the operand of a cast to integer, which is written out three times.
const MAX_INNER_CASTS: usize = 8;

/// Translate a cast or a typed literal.
pub(super) fn translate(expr: &Expr) -> Result<Expr, RelationError> {
    if instant::of(expr).is_some() {
        return Ok(expr.clone());
    }
    let (operand, data_type) = match expr {
        Expr::Cast { expr, data_type, .. } => (expr.as_ref().clone(), data_type),
        Expr::TypedString(TypedString { value, data_type, .. }) => (Expr::Value(value.clone()), data_type),
        other => return Ok(other.clone()),
    };
    of_type(operand, data_type).unwrap_or_else(|| Err(refused(expr)))
}

/// `None` for types that have no equal.
fn of_type(operand: Expr, data_type: &DataType) -> Option<Result<Expr, RelationError>> {
    Some(Ok(match data_type {
        DataType::SmallInt(_)
        | DataType::Int2(_)
        | DataType::Int(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::Integer(_)
        | DataType::BigInt(_) => integer(operand)?,
        DataType::Text | DataType::Uuid => cast(operand, DataType::Text),
        DataType::Varchar(length) | DataType::CharacterVarying(length) | DataType::CharVarying(length) => {
            match length {
                None => cast(operand, DataType::Text),
                Some(CharacterLength::IntegerLength { length, .. }) => {
                    call("substr", vec![cast(operand, DataType::Text), number(1), number(length)])
                }
                Some(CharacterLength::Max) => return None,
            }
        }
        DataType::Real | DataType::Float4 | DataType::Float8 | DataType::DoublePrecision | DataType::Float(_) => {
            cast(operand, DataType::Real)
        }
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => match info {
            ExactNumberInfo::None => cast(operand, DataType::Numeric(ExactNumberInfo::None)),
            ExactNumberInfo::Precision(_) => call("round", vec![cast(operand, DataType::Real)]),
            ExactNumberInfo::PrecisionAndScale(_, scale @ 0..) => {
                call("round", vec![cast(operand, DataType::Real), number(scale)])
            }
            ExactNumberInfo::PrecisionAndScale(..) => return None,
        },
        DataType::Bool | DataType::Boolean => boolean(operand)?,
        DataType::Date => call("date", vec![lowest(operand)]),
        DataType::Timestamp(..) => return timestamp(operand),
        _ => return None,
    }))
}

fn refused(expr: &Expr) -> RelationError {
    not_on_sqlite(excerpt(expr)).help("use a type that both have, such as integer, text, numeric, date or timestamp")
}

/// PostgreSQL rounds a fraction away, SQLite would cut it off. A literal of digits needs neither.
fn integer(operand: Expr) -> Option<Expr> {
    let is_whole = |text: &str| text.trim().parse::<i64>().is_ok();
    if text_or_number(&operand).is_some_and(is_whole) {
        return Some(cast(operand, DataType::Integer(None)));
    }
    if casts(&operand) > MAX_INNER_CASTS {
        return None;
    }
    let is_real = Expr::BinaryOp {
        left: Box::new(call("typeof", vec![operand.clone()])),
        op: BinaryOperator::Eq,
        right: Box::new(string("real")),
    };
    let rounded = cast(call("round", vec![operand.clone()]), DataType::Integer(None));
    Some(Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: is_real,
            result: rounded,
        }],
        else_result: Some(Box::new(cast(operand, DataType::Integer(None)))),
    })
}

fn casts(expr: &Expr) -> usize {
    struct Counter(usize);
    impl Visitor for Counter {
        type Break = Infallible;
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Infallible> {
            self.0 += usize::from(matches!(expr, Expr::Cast { .. }));
            ControlFlow::Continue(())
        }
    }
    let mut counter = Counter(0);
    match expr.visit(&mut counter) {
        ControlFlow::Continue(()) => counter.0,
        ControlFlow::Break(never) => match never {},
    }
}

/// Booleans are 0 and 1; of texts only literals have a meaning.
fn boolean(operand: Expr) -> Option<Expr> {
    if let Expr::Value(ValueWithSpan {
        value: Value::SingleQuotedString(text),
        ..
    }) = &operand
    {
        let meaning = match text.trim().to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => true,
            "f" | "false" | "n" | "no" | "off" | "0" => false,
            _ => return None,
        };
        return Some(value(Value::Boolean(meaning)));
    }
    let mut test = Expr::BinaryOp {
        left: Box::new(operand),
        op: BinaryOperator::NotEq,
        right: Box::new(number(0)),
    };
    super::group::operands(&mut test);
    nest(&mut test);
    Some(test)
}

/// Timestamps are texts already; a literal is read as PostgreSQL would read it.
fn timestamp(operand: Expr) -> Option<Result<Expr, RelationError>> {
    match &operand {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) => {
            let instant = instant::parse(text).map(instant::literal);
            Some(instant.ok_or_else(|| {
                RelationError::new(format!("the timestamp `{text}` is not understood"))
                    .help("write it as '2026-11-19 10:54:00'")
            }))
        }
        _ if instant::of(&operand).is_some() => Some(Ok(operand)),
        Expr::CompoundIdentifier(_) | Expr::Identifier(_) | Expr::Nested(_) | Expr::Function(_) => Some(Ok(operand)),
        _ => None,
    }
}

/// An instant inside a function is a text like any other.
fn lowest(operand: Expr) -> Expr {
    match instant::of(&operand) {
        Some(instant) => string(instant::sqlite_lowest(instant)),
        None => operand,
    }
}

fn cast(operand: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(lowest(operand)),
        data_type,
        format: None,
    }
}

fn text_or_number(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text) | Value::Number(text, _),
            ..
        }) => Some(text),
        _ => None,
    }
}
