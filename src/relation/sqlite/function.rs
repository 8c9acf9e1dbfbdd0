//! Functions that both have under different names or in different forms. Functions that SQLite lacks are left as they
//! are: it names them itself when the statement is prepared.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    TrimWhereField,
};

use super::refused;
use crate::relation::RelationError;
use crate::relation::refusal::not_on_sqlite;

/// PostgreSQL's name and SQLite's.
const RENAMED: &[(&str, &str)] = &[
    ("bool_and", "min"),
    ("bool_or", "max"),
    ("btrim", "trim"),
    ("char_length", "length"),
    ("character_length", "length"),
    ("every", "min"),
    ("strpos", "instr"),
];

/// Functions that tell the time: SQLite has none of them, and a run has one time.
const CLOCKS: &[&str] = &["clock_timestamp", "now", "statement_timestamp", "transaction_timestamp"];

/// Functions that both have, and that answer differently.
const DIFFERENT: &[&str] = &["age", "date_part", "date_trunc", "format", "to_char", "unnest"];

/// Translate a call, or one of the forms with words in it.
pub(super) fn translate(expr: &Expr) -> Result<Expr, RelationError> {
    match expr {
        Expr::Function(function) => named(function),
        Expr::Position { expr, r#in } => Ok(call("instr", vec![r#in.as_ref().clone(), expr.as_ref().clone()])),
        Expr::Substring {
            expr: text,
            substring_from: Some(from),
            substring_for,
            ..
        } => {
            let mut arguments = vec![text.as_ref().clone(), from.as_ref().clone()];
            arguments.extend(substring_for.as_deref().cloned());
            Ok(call("substr", arguments))
        }
        Expr::Trim {
            trim_where,
            trim_what,
            expr: text,
            trim_characters: None,
        } => {
            let name = match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                Some(TrimWhereField::Both) | None => "trim",
            };
            let mut arguments = vec![text.as_ref().clone()];
            arguments.extend(trim_what.as_deref().cloned());
            Ok(call(name, arguments))
        }
        other => Err(refused(other)),
    }
}

/// A word such as `current_date`. SQLite knows three of them, in UTC.
pub(super) fn value_word(ident: &Ident) -> Result<Expr, RelationError> {
    match ident.value.to_ascii_lowercase().as_str() {
        "current_date" | "current_time" | "current_timestamp" => Ok(Expr::Identifier(ident.clone())),
        word if word.starts_with("local") => Err(no_clock(word)),
        word => Err(not_on_sqlite(format!("`{word}`"))),
    }
}

/// A call of a function.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments
        .into_iter()
        .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
        .collect();
    let list = FunctionArgumentList {
        duplicate_treatment: None,
        args,
        clauses: Vec::new(),
    };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn named(function: &Function) -> Result<Expr, RelationError> {
    let whole = Expr::Function(function.clone());
    let [part] = function.name.0.as_slice() else {
        return Err(refused(&whole));
    };
    let Some(ident) = part.as_ident() else {
        return Err(refused(&whole));
    };
    let name = ident.value.to_ascii_lowercase();
    if let FunctionArguments::None = function.args {
        return value_word(ident).map(|_| whole);
    }
    if CLOCKS.contains(&name.as_str()) {
        return Err(no_clock(&name));
    }
    if DIFFERENT.contains(&name.as_str()) || !function.within_group.is_empty() {
        return Err(refused(&whole));
    }
    let renamed = RENAMED.iter().find(|(postgres, _)| *postgres == name);
    Ok(match renamed {
        Some((_, sqlite)) => Expr::Function(Function {
            name: ObjectName::from(vec![Ident::new(*sqlite)]),
            ..function.clone()
        }),
        None => whole,
    })
}

fn no_clock(name: &str) -> RelationError {
    not_on_sqlite(format!("`{name}`")).help("use `:now`, the one time of the run")
}
