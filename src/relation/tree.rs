//! A relation: the rows that a metric is about, as one syntax tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlparser::ast::{BinaryOperator, Expr, Ident, TableFactor, TableWithJoins};

use super::bind::{self, Placeholders};
use super::identifiers::quoted;
use super::instant;
use super::literal::nest;
use super::tables::Tables;
use super::{Column, MainTable, RelationError, Window, column, parse, shape};

/// Tables with joins, WHERE and GROUP BY: what may follow FROM. Equal relations render to the same SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// Shared, because the parser's nodes are some kilobytes large, and a relation is passed on as a part of measures, of
    /// readings and of what stands in a scan; who changes one has a copy of its own.
    pub(super) parts: Arc<Parts>,
}

/// The clauses of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    pub from: TableWithJoins,
    pub filter: Option<Expr>,
    pub groups: Vec<Expr>,
    pub main: Main,
}

/// The first item of FROM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Main {
    pub alias: String,
    /// `None` if it is a sub-query.
    pub table: Option<MainTable>,
}

impl Relation {
    pub(super) fn new(parts: Parts) -> Relation {
        Relation { parts: Arc::new(parts) }
    }

    pub(super) fn parts_mut(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.parts)
    }

    /// With one more condition in WHERE.
    pub(super) fn add_filter(&mut self, condition: Expr) {
        let parts = self.parts_mut();
        parts.filter = and(parts.filter.take(), Some(condition));
    }

    /// Parse what may follow FROM: tables with joins, WHERE, GROUP BY, in PostgreSQL's spelling.
    ///
    /// # Errors
    ///
    /// Whatever is not that, or does more than read, with its place in the text.
    pub fn parse(text: &str) -> Result<Relation, RelationError> {
        parse::relation(text)
    }

    /// Names of the `:placeholders`, in order of appearance, each once; `:now` is not one of them.
    pub fn placeholders(&self) -> Vec<String> {
        Placeholders::default()
            .of(&self.parts.from)
            .of(&self.parts.filter)
            .of(&self.parts.groups)
            .into_names()
    }

    /// Replace every placeholder by a literal of its parameter's type: texts, numbers, booleans, null, and arrays inside
    /// `IN (…)`. `:now`, and `:now` plus or minus intervals, becomes a literal instant. Other parameters are not looked at.
    ///
    /// # Errors
    ///
    /// A placeholder without a parameter, a parameter that has no literal, an interval that is not understood.
    pub fn bind(
        &self,
        parameters: &BTreeMap<String, serde_json::Value>,
        now: DateTime<Utc>,
    ) -> Result<Relation, RelationError> {
        bind::check_complete(&self.placeholders(), parameters)?;
        let mut bound = self.clone();
        let parts = bound.parts_mut();
        bind::bind(&mut parts.from, parameters, now)?;
        bind::bind(&mut parts.filter, parameters, now)?;
        bind::bind(&mut parts.groups, parameters, now)?;
        Ok(bound)
    }

    /// The table whose rows are counted; `None` where FROM starts with a sub-query, which has a
    /// [`main_alias`](Self::main_alias) only.
    pub fn main_table(&self) -> Option<&MainTable> {
        self.parts.main.table.as_ref()
    }

    /// What the rest of the relation calls the first item of FROM.
    pub fn main_alias(&self) -> &str {
        &self.parts.main.alias
    }

    /// Whether there is more than one item in FROM.
    pub fn is_joined(&self) -> bool {
        !self.parts.from.joins.is_empty()
    }

    /// Whether there is a GROUP BY.
    pub fn is_grouped(&self) -> bool {
        !self.parts.groups.is_empty()
    }

    /// Whether it ends in `GROUP BY 1` or alike, which makes one group of all rows: a column was meant, and a relation has no select
    /// list to find it in.
    pub fn groups_by_place(&self) -> bool {
        shape::are_first_places(&self.parts.groups)
    }

    /// How many keys stand before the aggregates in each row.
    pub fn group_width(&self) -> usize {
        self.parts.groups.len()
    }

    /// Whether there is a WHERE.
    pub fn has_filter(&self) -> bool {
        self.parts.filter.is_some()
    }

    /// Every real table named anywhere in it, joins and sub-queries included, in order of appearance.
    pub fn tables(&self) -> Vec<MainTable> {
        Tables::default()
            .of(&self.parts.from)
            .of(&self.parts.filter)
            .of(&self.parts.groups)
            .into_list()
    }

    /// A column by its name: `id` is the main table's, `clusters.user_id` that table's.
    ///
    /// # Errors
    ///
    /// Not a column's name, or a qualifier that names no table of the relation.
    pub fn column(&self, text: &str) -> Result<Column, RelationError> {
        column::parse(self, text)
    }

    /// With the condition that `column` lies in `window`, both ends included.
    pub fn within(&self, column: &Column, window: &Window) -> Relation {
        let between = Expr::Between {
            expr: Box::new(column_expr(column)),
            negated: false,
            low: Box::new(instant::literal(window.from)),
            high: Box::new(instant::literal(window.to)),
        };
        let mut relation = self.clone();
        relation.add_filter(between);
        relation
    }

    /// The main table alone: no joins, no WHERE, no GROUP BY.
    pub fn base(&self) -> Relation {
        let from = TableWithJoins {
            relation: self.parts.from.relation.clone(),
            joins: Vec::new(),
        };
        let main = self.parts.main.clone();
        let parts = Parts {
            from,
            filter: None,
            groups: Vec::new(),
            main,
        };
        Relation::new(parts)
    }

    /// The real table that an item of FROM is; `None` for sub-queries, functions and names that FROM has not.
    pub fn table(&self, alias: &str) -> Option<MainTable> {
        match self.item(alias)? {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => shape::table(name, alias.as_ref()),
            _ => None,
        }
    }

    /// One real table of FROM alone, as [`base`](Self::base) is the first one.
    pub fn base_of(&self, alias: &str) -> Option<Relation> {
        let main = Main {
            alias: alias.to_owned(),
            table: Some(self.table(alias)?),
        };
        let from = TableWithJoins {
            relation: self.item(alias)?.clone(),
            joins: Vec::new(),
        };
        let parts = Parts {
            from,
            filter: None,
            groups: Vec::new(),
            main,
        };
        Some(Relation::new(parts))
    }

    fn item(&self, alias: &str) -> Option<&TableFactor> {
        let joined = self.parts.from.joins.iter().map(|join| &join.relation);
        std::iter::once(&self.parts.from.relation)
            .chain(joined)
            .find(|item| shape::name_in_from(item).as_deref() == Some(alias))
    }

    /// Without GROUP BY.
    pub fn ungrouped(&self) -> Relation {
        let mut relation = self.clone();
        relation.parts_mut().groups.clear();
        relation
    }
}

/// A column as an expression.
pub(super) fn column_expr(column: &Column) -> Expr {
    let parts: Vec<Ident> = vec![quoted(&column.table), quoted(&column.name)];
    Expr::CompoundIdentifier(parts)
}

/// Two conditions as one; the first is put in brackets where AND would otherwise take a part of it.
pub(super) fn and(first: Option<Expr>, second: Option<Expr>) -> Option<Expr> {
    let (mut first, second) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (only, None) | (None, only) => return only,
    };
    if matches!(
        first,
        Expr::BinaryOp {
            op: BinaryOperator::Or,
            ..
        }
    ) {
        nest(&mut first);
    }
    Some(Expr::BinaryOp {
        left: Box::new(first),
        op: BinaryOperator::And,
        right: Box::new(second),
    })
}
