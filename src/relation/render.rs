//! The last step from a tree to text: names and literals are quoted here, and nowhere else.

use std::fmt::Display;
use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{Expr, Ident, Value, ValueWithSpan, VisitMut, VisitorMut};

use super::bind::placeholder;
use super::literal::{quote_name, quote_text, string};
use super::parse::try_rewrite;
use super::{Dialect, RelationError, instant, sqlite};

/// A part of a tree as text of a dialect.
///
/// # Errors
///
/// A placeholder that is not bound, or a form that the dialect has not.
pub(super) fn text<T: VisitMut + Clone + Display>(part: &T, dialect: Dialect) -> Result<String, RelationError> {
    let mut part = part.clone();
    if dialect == Dialect::Sqlite {
        sqlite::translate(&mut part)?;
    }
    try_rewrite(&mut part, &mut Speller { dialect })?;
    Ok(part.to_string())
}

/// Puts the final text of each name and literal into the tree. The parser's own printing guesses whether quotes are
/// doubled already, and a text can be made that it guesses wrong; what this leaves is printed as it stands.
struct Speller {
    dialect: Dialect,
}

impl VisitorMut for Speller {
    type Break = RelationError;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<RelationError> {
        if let Some(instant) = instant::of(expr) {
            *expr = string(match self.dialect {
                Dialect::Postgres => instant::postgres(instant),
                Dialect::Sqlite => instant::sqlite_lowest(instant),
            });
        }
        if let (Dialect::Sqlite, Expr::Identifier(ident)) = (self.dialect, expr)
            && ident.quote_style.is_some()
        {
            // SQLite takes a name in double quotes that is no column for a text; in backticks it stays a name.
            *ident = Ident::new(format!("`{}`", ident.value.replace('`', "``")));
        }
        Continue(())
    }

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<RelationError> {
        match ident.quote_style.take() {
            Some('\'') => ident.value = quote_text(&ident.value, self.dialect),
            Some(_) => ident.value = quote_name(&ident.value),
            None => {}
        }
        Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<RelationError> {
        if let Some(name) = placeholder(value) {
            return Break(RelationError::new(format!("`:{name}` is not bound")).help("bind its value first"));
        }
        let text = match &value.value {
            Value::SingleQuotedString(text) => quote_text(text, self.dialect),
            Value::Boolean(true) => "TRUE".to_owned(),
            Value::Boolean(false) => "FALSE".to_owned(),
            _ => return Continue(()),
        };
        // The one kind of value that is printed as it stands.
        value.value = Value::Placeholder(text);
        Continue(())
    }
}
