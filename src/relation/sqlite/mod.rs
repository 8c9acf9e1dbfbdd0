//! PostgreSQL's spelling turned into SQLite's, on the tree. What has no equal there is an error, never a near miss.

mod cast;
mod compare;
mod function;
mod group;
mod like;

use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, LimitClause, Query, Select, TableAlias, TableFactor, Value, ValueWithSpan,
    VisitMut, VisitorMut,
};

use super::RelationError;
use super::identifiers::{folded, is_value_word};
use super::instant;
use super::literal::number;
use super::parse::try_rewrite;
use super::refusal::{excerpt, not_on_sqlite};

/// Translate a part of a tree.
pub(super) fn translate<T: VisitMut>(part: &mut T) -> Result<(), RelationError> {
    try_rewrite(part, &mut Translator)
}

struct Translator;

impl VisitorMut for Translator {
    type Break = RelationError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<RelationError> {
        if query.fetch.is_some() {
            return Break(not_on_sqlite("FETCH").help("write LIMIT"));
        }
        if let Some(LimitClause::LimitOffset {
            limit: limit @ None,
            offset: Some(_),
            ..
        }) = &mut query.limit_clause
        {
            // SQLite has no OFFSET without LIMIT; a negative one is none.
            *limit = Some(number(-1));
        }
        Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<RelationError> {
        match select.distinct {
            Some(Distinct::On(_)) => Break(not_on_sqlite("DISTINCT ON")),
            _ => Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<RelationError> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_ordinality,
                ..
            } => {
                if *with_ordinality {
                    return Break(not_on_sqlite("WITH ORDINALITY"));
                }
                let in_public = args.is_none() && name.0.len() == 2;
                if in_public
                    && name
                        .0
                        .first()
                        .and_then(|part| part.as_ident())
                        .is_some_and(|s| folded(s) == "public")
                {
                    name.0.remove(0);
                }
                no_column_names(alias.as_ref())
            }
            TableFactor::Derived { lateral: true, .. } => Break(not_on_sqlite("LATERAL")),
            TableFactor::Derived { alias, .. } => no_column_names(alias.as_ref()),
            TableFactor::NestedJoin { .. } => Continue(()),
            other => Break(not_on_sqlite(excerpt(other))),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<RelationError> {
        // Before the operands of ANY and ALL are looked at, so that the message names the whole.
        match expr {
            Expr::AnyOp { .. } | Expr::AllOp { .. } => {
                Break(not_on_sqlite(excerpt(expr)).help("write IN (…) or a sub-query"))
            }
            _ => Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<RelationError> {
        match translated(expr) {
            Ok(Some(translated)) => *expr = translated,
            Ok(None) => compare::spell_instants(expr),
            Err(error) => return Break(error),
        }
        group::operands(expr);
        Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<RelationError> {
        match &value.value {
            Value::HexStringLiteral(_) | Value::SingleQuotedByteStringLiteral(_) => {
                Break(not_on_sqlite(excerpt(&*value)))
            }
            _ => Continue(()),
        }
    }
}

/// What takes the place of an expression; `None` where it may stay.
fn translated(expr: &Expr) -> Result<Option<Expr>, RelationError> {
    match expr {
        Expr::Like { .. } | Expr::ILike { .. } => like::translate(expr).map(Some),
        Expr::Cast { .. } | Expr::TypedString(_) => cast::translate(expr).map(Some),
        Expr::Function(_) | Expr::Position { .. } | Expr::Substring { .. } | Expr::Trim { .. } => {
            function::translate(expr).map(Some)
        }
        Expr::IsUnknown(operand) => Ok(Some(Expr::IsNull(operand.clone()))),
        Expr::IsNotUnknown(operand) => Ok(Some(Expr::IsNotNull(operand.clone()))),
        Expr::Identifier(ident) if is_value_word(ident) => function::value_word(ident).map(Some),
        Expr::InList { expr: left, .. } if matches!(left.as_ref(), Expr::Tuple(_)) => {
            Err(refused(expr).help("compare each column, or use IN with a sub-query"))
        }
        Expr::BinaryOp { op, .. } if !is_shared(op) => Err(refused(expr)),
        Expr::BinaryOp { left, op, right } if is_arithmetic(op) && (is_time(left) || is_time(right)) => {
            Err(refused(expr).help("only `:now` can be moved, as in `:now - INTERVAL '2 hours'`"))
        }
        other if !is_shared_form(other) => Err(refused(other)),
        _ => Ok(None),
    }
}

/// The refusal of an expression as it was written.
fn refused(expr: &Expr) -> RelationError {
    let refusal = not_on_sqlite(excerpt(expr));
    match expr {
        Expr::Interval(_) => refusal.help("an interval stands next to `:now`, as in `:now - INTERVAL '2 hours'`"),
        _ => refusal,
    }
}

fn no_column_names(alias: Option<&TableAlias>) -> ControlFlow<RelationError> {
    match alias {
        Some(alias) if !alias.columns.is_empty() => {
            Break(not_on_sqlite("naming columns after a table's alias").help("name them in the sub-query's SELECT"))
        }
        _ => Continue(()),
    }
}

/// Operators that mean the same in both.
fn is_shared(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::BitwiseOr
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight
    )
}

fn is_arithmetic(operator: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(operator, Plus | Minus | Multiply | Divide | Modulo)
}

/// Whether an expression is a time as far as its form tells. Times are texts in SQLite, and it calculates with the number
/// that a text starts with.
fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_time(inner),
        Expr::Identifier(ident) => is_value_word(ident),
        Expr::Function(function) => ["date", "current_date", "current_time", "current_timestamp"]
            .iter()
            .any(|name| function.name.to_string().eq_ignore_ascii_case(name)),
        other => instant::of(other).is_some(),
    }
}

/// Forms that mean the same in both.
fn is_shared_form(expr: &Expr) -> bool {
    use sqlparser::ast::UnaryOperator::{BitwiseNot, Minus, Not, Plus};
    match expr {
        Expr::UnaryOp { op, .. } => matches!(op, BitwiseNot | Minus | Not | Plus),
        Expr::SimilarTo { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Overlay { .. }
        | Expr::Collate { .. }
        | Expr::CompoundFieldAccess { .. }
        | Expr::Array(_)
        | Expr::Interval(_) => false,
        _ => true,
    }
}
