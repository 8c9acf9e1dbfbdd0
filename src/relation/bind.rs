//! Placeholders: which there are, and what they become.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::ControlFlow::{self, Break, Continue};

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlparser::ast::{BinaryOperator, Expr, Value, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut};

use super::parse::try_rewrite;
use super::refusal::listed;
use super::{RelationError, instant, interval, literal};

/// The placeholder that the run fills in itself.
const NOW: &str = "now";

/// Collects the names of placeholders, in order of appearance, each once.
#[derive(Default)]
pub(super) struct Placeholders {
    names: Vec<String>,
}

impl Placeholders {
    /// Add the placeholders of a part of a tree.
    pub(super) fn of<T: Visit>(mut self, part: &T) -> Self {
        match part.visit(&mut self) {
            Continue(()) => self,
            Break(never) => match never {},
        }
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }
}

impl Visitor for Placeholders {
    type Break = Infallible;

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Infallible> {
        if let Some(name) = placeholder(value)
            && name != NOW
            && !self.names.iter().any(|known| known == name)
        {
            self.names.push(name.to_owned());
        }
        Continue(())
    }
}

/// Refuse a list of placeholders that the parameters do not fill.
pub(super) fn check_complete(names: &[String], parameters: &BTreeMap<String, Json>) -> Result<(), RelationError> {
    let missing: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !parameters.contains_key(*name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let placeholders: Vec<String> = missing.iter().map(|name| format!(":{name}")).collect();
    Err(RelationError::new(format!(
        "no value for {}",
        listed(placeholders.iter().map(String::as_str))
    ))
    .help("give it under `options` of the definition"))
}

/// Replace the placeholders of a part of a tree.
pub(super) fn bind<T: VisitMut>(
    part: &mut T,
    parameters: &BTreeMap<String, Json>,
    now: DateTime<Utc>,
) -> Result<(), RelationError> {
    try_rewrite(part, &mut Binder { parameters, now })
}

struct Binder<'a> {
    parameters: &'a BTreeMap<String, Json>,
    now: DateTime<Utc>,
}

impl VisitorMut for Binder<'_> {
    type Break = RelationError;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<RelationError> {
        if let Expr::InList { list, negated, .. } = expr {
            match self.spread(list) {
                Ok(spread) if spread.is_empty() => *expr = literal::value(Value::Boolean(*negated)),
                Ok(spread) => *list = spread,
                Err(error) => return Break(error),
            }
        }
        Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<RelationError> {
        let bound = match expr {
            Expr::Value(value) => match placeholder(value) {
                Some(NOW) => Some(Ok(instant::literal(self.now))),
                Some(name) => Some(self.scalar(name)),
                None => None,
            },
            Expr::Nested(inner) => instant::of(inner).map(|instant| Ok(instant::literal(instant))),
            Expr::BinaryOp { left, op, right } => fold(left, op, right),
            _ => None,
        };
        match bound {
            Some(Ok(bound)) => *expr = bound,
            Some(Err(error)) => return Break(error),
            None => {}
        }
        Continue(())
    }
}

impl Binder<'_> {
    /// The list of an IN, with arrays in the place of their placeholders.
    fn spread(&self, list: &[Expr]) -> Result<Vec<Expr>, RelationError> {
        let mut spread = Vec::with_capacity(list.len());
        for item in list {
            let array = match item {
                Expr::Value(value) => placeholder(value).and_then(|name| Some((name, self.parameters.get(name)?))),
                _ => None,
            };
            match array {
                Some((name, Json::Array(elements))) => {
                    for element in elements {
                        spread.push(element_literal(name, element)?);
                    }
                }
                _ => spread.push(item.clone()),
            }
        }
        Ok(spread)
    }

    fn scalar(&self, name: &str) -> Result<Expr, RelationError> {
        let value = self.parameters.get(name).unwrap_or(&Json::Null);
        scalar_literal(name, value).ok_or_else(|| {
            RelationError::new(format!("`:{name}` is {}, which has no place here", kind(value))).help(format!(
                "a list stands in `IN (:{name})`; everything else takes a text, number, boolean or null"
            ))
        })?
    }
}

fn element_literal(name: &str, element: &Json) -> Result<Expr, RelationError> {
    let refusal = || {
        RelationError::new(format!("`:{name}` holds {}", kind(element)))
            .help("a list for IN holds texts, numbers and booleans")
    };
    match element {
        Json::Null => Err(refusal()),
        element => scalar_literal(name, element).ok_or_else(refusal)?,
    }
}

/// `None` for lists and objects.
fn scalar_literal(name: &str, value: &Json) -> Option<Result<Expr, RelationError>> {
    let literal = match value {
        Json::Null => literal::value(Value::Null),
        Json::Bool(value) => literal::value(Value::Boolean(*value)),
        Json::Number(number) => signed(&number.to_string()),
        Json::String(text) if text.contains('\0') => {
            return Some(Err(RelationError::new(format!("`:{name}` holds a NUL character"))
                .help("no database text can hold one: remove it")));
        }
        Json::String(text) => literal::string(text.clone()),
        Json::Array(_) | Json::Object(_) => return None,
    };
    Some(Ok(literal))
}

/// A negative number stands in brackets: after another minus it would start a comment, and casts bind tighter than signs.
fn signed(number: &str) -> Expr {
    let mut literal = literal::number(number);
    if number.starts_with('-') {
        literal::nest(&mut literal);
    }
    literal
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}

/// The instant that `instant ± interval` and `interval + instant` are.
fn fold(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Result<Expr, RelationError>> {
    let (start, amount, forward) = match (op, instant::of(left), instant::of(right)) {
        (BinaryOperator::Plus, Some(start), _) => (start, interval::of(right)?, true),
        (BinaryOperator::Minus, Some(start), _) => (start, interval::of(right)?, false),
        (BinaryOperator::Plus, None, Some(start)) => (start, interval::of(left)?, true),
        _ => return None,
    };
    let amount = match amount {
        Ok(amount) => amount,
        Err(text) => {
            return Some(Err(RelationError::new(format!(
                "the interval `{text}` is not understood"
            ))
            .help("write whole numbers and units, such as INTERVAL '2 days 12 hours'")));
        }
    };
    let moved = interval::moved(start, amount, forward).map(instant::literal);
    Some(
        moved.ok_or_else(|| RelationError::new("the instant lies outside the calendar").help("use a shorter interval")),
    )
}

/// The name of a placeholder, without its colon.
pub(super) fn placeholder(value: &ValueWithSpan) -> Option<&str> {
    match &value.value {
        Value::Placeholder(name) => name.strip_prefix(':'),
        _ => None,
    }
}
