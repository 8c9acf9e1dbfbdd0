//! A select list in which equal items stand once.

use sqlparser::ast::Expr;

use crate::relation::select::aggregate_text;
use crate::relation::{Aggregate, Dialect, RelationError, render};

/// The most items of a list, below what PostgreSQL (1,664) and SQLite (2,000) take.
const MAX_ITEMS: usize = 1_600;

/// The items that are selected, group keys first.
pub(super) struct SelectList {
    dialect: Dialect,
    /// Whether values arrive in binary form, so that all but packed ones must be made text.
    is_binary: bool,
    items: Vec<String>,
    packed: Vec<usize>,
}

impl SelectList {
    pub(super) fn new(dialect: Dialect, asked: &[Vec<Aggregate>], has_parameters: bool) -> SelectList {
        let is_packed = asked.iter().flatten().any(is_packed);
        SelectList {
            dialect,
            is_binary: (is_packed || has_parameters) && dialect == Dialect::Postgres,
            items: Vec::new(),
            packed: Vec::new(),
        }
    }

    /// Adds a group key.
    pub(super) fn key(&mut self, key: &Expr) -> Result<usize, RelationError> {
        let text = render::text(key, self.dialect)?;
        self.items.push(match self.is_binary {
            // A cast would print some types otherwise than the server does, such as boolean and char(n). IS NOT NULL
            // would ask a composite value for its fields.
            true => format!("CASE WHEN ({text}) IS DISTINCT FROM NULL THEN format('%s', {text}) END"),
            false => text,
        });
        Ok(self.items.len() - 1)
    }

    /// Adds an aggregate of the rows that pass a filter.
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate, filter: &str) -> Result<usize, RelationError> {
        let mut text = format!("{}{filter}", aggregate_text(aggregate, self.dialect)?);
        if self.is_binary && !is_packed(aggregate) {
            text.push_str("::text");
        }
        if let Some(place) = self.items.iter().position(|item| *item == text) {
            return Ok(place);
        }
        if self.items.len() >= MAX_ITEMS {
            return Err(RelationError::new(format!(
                "a statement selects at most {MAX_ITEMS} values"
            )));
        }
        self.items.push(text);
        let place = self.items.len() - 1;
        if is_packed(aggregate) {
            self.packed.push(place);
        }
        Ok(place)
    }

    /// The list as text, and the places of packed values.
    pub(super) fn into_parts(self) -> (String, Vec<usize>) {
        (self.items.join(", "), self.packed)
    }
}

/// Whether an aggregate's values are packed.
pub(super) fn is_packed(aggregate: &Aggregate) -> bool {
    matches!(aggregate, Aggregate::PackedIntegers(..))
}
