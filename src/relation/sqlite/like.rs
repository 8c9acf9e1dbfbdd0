//! LIKE and ILIKE. SQLite's LIKE ignores case, as ILIKE does (ASCII letters alone); its GLOB minds it, as LIKE does.

use sqlparser::ast::{BinaryOperator, Expr, Value, ValueWithSpan};

use crate::relation::RelationError;
use crate::relation::literal::string;
use crate::relation::refusal::{excerpt, not_on_sqlite};

/// Translate a LIKE or ILIKE.
pub(super) fn translate(expr: &Expr) -> Result<Expr, RelationError> {
    match expr {
        Expr::Like {
            negated,
            expr: subject,
            pattern,
            escape_char,
            ..
        } => glob(*negated, subject, pattern, escape_char.as_deref())
            .ok_or_else(|| not_on_sqlite(excerpt(expr)).help("give LIKE a literal pattern, or use ILIKE")),
        Expr::ILike {
            negated,
            expr: subject,
            pattern,
            escape_char,
            ..
        } => Ok(Expr::Like {
            negated: *negated,
            any: false,
            expr: subject.clone(),
            escape_char: escape_char.clone().or_else(|| default_escape(pattern)),
            pattern: pattern.clone(),
        }),
        other => Ok(other.clone()),
    }
}

/// PostgreSQL escapes with a backslash unless told otherwise, SQLite only where told to.
fn default_escape(pattern: &Expr) -> Option<Box<Expr>> {
    match text(pattern) {
        Some(text) if !text.contains('\\') => None,
        _ => Some(Box::new(string("\\"))),
    }
}

fn glob(negated: bool, subject: &Expr, pattern: &Expr, escape: Option<&Expr>) -> Option<Expr> {
    let escape = match escape.map(text) {
        None => Some('\\'),
        Some(Some(escape)) => one_or_none(escape)?,
        Some(None) => return None,
    };
    let pattern = glob_pattern(text(pattern)?, escape)?;
    let op = BinaryOperator::Custom(if negated { "NOT GLOB" } else { "GLOB" }.to_owned());
    Some(Expr::BinaryOp {
        left: Box::new(subject.clone()),
        op,
        right: Box::new(string(pattern)),
    })
}

/// `ESCAPE ''` means that nothing escapes.
fn one_or_none(escape: &str) -> Option<Option<char>> {
    let mut characters = escape.chars();
    let first = characters.next();
    characters.next().is_none().then_some(first)
}

/// A pattern of LIKE as one of GLOB; `None` if it ends in an escape, which PostgreSQL refuses.
fn glob_pattern(pattern: &str, escape: Option<char>) -> Option<String> {
    let mut glob = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            _ if Some(character) == escape => push_literal(&mut glob, characters.next()?),
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            literal => push_literal(&mut glob, literal),
        }
    }
    Some(glob)
}

fn push_literal(glob: &mut String, character: char) {
    match character {
        '*' | '?' | '[' => glob.extend(['[', character, ']']),
        plain => glob.push(plain),
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) => Some(text),
        Expr::Nested(inner) => text(inner),
        _ => None,
    }
}
