//! A whole read-only SELECT: the one value of a metric, an end of a range.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlparser::ast;

use super::bind::{self, Placeholders};
use super::tables::Tables;
use super::{Dialect, MainTable, RelationError, parse, render};

/// One read-only SELECT given as a whole, parsed and checked like a relation. Equal queries render to the same SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    pub(super) query: Box<ast::Query>,
}

impl Query {
    /// Parse one SELECT in PostgreSQL's spelling. WITH, UNION, ORDER BY, LIMIT and windows may stand in it.
    ///
    /// # Errors
    ///
    /// Whatever is not that, or does more than read, with its place in the text.
    pub fn parse(text: &str) -> Result<Query, RelationError> {
        parse::query(text)
    }

    /// Names of the `:placeholders`, in order of appearance, each once; `:now` is not one of them.
    pub fn placeholders(&self) -> Vec<String> {
        Placeholders::default().of(&self.query).into_names()
    }

    /// Replace every placeholder by a literal, as [`Relation::bind`](super::Relation::bind) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn bind(
        &self,
        parameters: &BTreeMap<String, serde_json::Value>,
        now: DateTime<Utc>,
    ) -> Result<Query, RelationError> {
        bind::check_complete(&self.placeholders(), parameters)?;
        let mut bound = self.clone();
        bind::bind(&mut bound.query, parameters, now)?;
        Ok(bound)
    }

    /// Every real table named anywhere in it, in order of appearance.
    pub fn tables(&self) -> Vec<MainTable> {
        Tables::default().of(&self.query).into_list()
    }

    /// The statement in a dialect.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound, or a form that the dialect has not.
    pub fn render(&self, dialect: Dialect) -> Result<String, RelationError> {
        render::text(&self.query, dialect)
    }
}
