//! The forms of expressions, operators and types that every later step knows; what is not listed is refused.

use sqlparser::ast::{AccessExpr, ArrayElemTypeDef, BinaryOperator, CastKind, DataType, Expr, UnaryOperator};

/// Whether a form of expression is one that every later step knows.
pub(super) fn is_known(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::SimilarTo { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Overlay { .. }
        | Expr::Collate { .. }
        | Expr::Nested(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Tuple(_)
        | Expr::Interval(_) => true,
        Expr::Like { any, .. } | Expr::ILike { any, .. } => !any,
        Expr::BinaryOp { op, .. } => is_known_operator(op),
        Expr::UnaryOp { op, .. } => !matches!(op, UnaryOperator::BangNot | UnaryOperator::PGPostfixFactorial),
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            data_type,
            format: None,
            ..
        } => is_known_type(data_type),
        Expr::TypedString(typed) => !typed.uses_odbc_syntax && is_known_type(&typed.data_type),
        Expr::CompoundFieldAccess { access_chain, .. } => access_chain
            .iter()
            .all(|access| matches!(access, AccessExpr::Subscript(_))),
        Expr::Array(array) => array.named,
        _ => false,
    }
}

/// PostgreSQL's operators; the parser also knows those of other databases.
fn is_known_operator(operator: &BinaryOperator) -> bool {
    !matches!(
        operator,
        BinaryOperator::Xor
            | BinaryOperator::Spaceship
            | BinaryOperator::DuckIntegerDivide
            | BinaryOperator::MyIntegerDivide
            | BinaryOperator::Match
            | BinaryOperator::Regexp
            | BinaryOperator::Glob
            | BinaryOperator::Custom(_)
            | BinaryOperator::PGCustomBinaryOperator(_)
            | BinaryOperator::Assignment
    )
}

/// PostgreSQL's types. DATETIME is not one of them, which leaves it free as this room's mark of an instant.
fn is_known_type(data_type: &DataType) -> bool {
    match data_type {
        DataType::Character(_)
        | DataType::Char(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Varchar(_)
        | DataType::Text
        | DataType::Uuid
        | DataType::Numeric(_)
        | DataType::Decimal(_)
        | DataType::Dec(_)
        | DataType::Float(_)
        | DataType::Float4
        | DataType::Float8
        | DataType::Real
        | DataType::DoublePrecision
        | DataType::SmallInt(None)
        | DataType::Int2(None)
        | DataType::Int(None)
        | DataType::Int4(None)
        | DataType::Int8(None)
        | DataType::Integer(None)
        | DataType::BigInt(None)
        | DataType::Bool
        | DataType::Boolean
        | DataType::Date
        | DataType::Time(..)
        | DataType::Timestamp(..)
        | DataType::Interval { .. }
        | DataType::JSON
        | DataType::JSONB
        | DataType::Regclass
        | DataType::Bytea
        | DataType::Bit(_)
        | DataType::BitVarying(_)
        | DataType::VarBit(_)
        | DataType::TsVector
        | DataType::TsQuery => true,
        // Modifiers are printed as they stand.
        DataType::Custom(_, modifiers) => modifiers.iter().all(|modifier| {
            modifier
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }),
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => is_known_type(element),
        _ => false,
    }
}
