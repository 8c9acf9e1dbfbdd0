//! A relation as a member of a shared one.

use std::sync::Arc;

use sqlparser::ast::{Expr, TableFactor};

use super::filter::{self, Term};
use super::item::{Item, table_key};
use super::semi_join::has_parameters;
use super::{IsUnique, scope};
use crate::relation::{Column, Dialect, Relation, RelationError, render, tree};

/// A relation, and what others may share of it. A part of a shared relation has members of its own, which share what is
/// large: thousands of them are planned before the first is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub relation: Relation,
    /// Of its WHERE.
    pub terms: Arc<[Term]>,
    /// The first item of its FROM, in a spelling that equal ones share; `None` where that is the relation's own.
    main: Option<Arc<TableFactor>>,
    /// The other items.
    pub items: Arc<[Item]>,
    /// Whether it keeps its meaning and its rows where more is joined, each row having one match at most.
    pub is_mergeable: bool,
    /// Columns that are not NULL in its own rows.
    matched: Vec<Column>,
    /// The places of its terms that not all members have: what its own rows meet beside the common ones.
    rest: Vec<usize>,
}

impl Member {
    pub(super) fn of(relation: &Relation, is_unique: &IsUnique<'_>) -> Member {
        let from = &relation.parts.from;
        let items: Arc<[Item]> = from.joins.iter().map(|join| Item::of(join, is_unique)).collect();
        let is_mergeable = relation.main_table().is_some()
            && items.iter().all(|item| item.matched.is_some())
            && scope::is_closed(relation);
        Member {
            relation: relation.clone(),
            terms: filter::terms(relation.parts.filter.as_ref()).into(),
            main: Some(table_key(&from.relation))
                .filter(|key| *key != from.relation)
                .map(Arc::new),
            items,
            is_mergeable,
            matched: Vec::new(),
            rest: Vec::new(),
        }
    }

    /// The first item of its FROM, in a spelling that equal ones share.
    pub(super) fn main(&self) -> &TableFactor {
        self.main.as_deref().unwrap_or(&self.relation.parts.from.relation)
    }

    /// Whether the whole FROM is the same.
    pub(super) fn reads_as(&self, other: &Member) -> bool {
        self.main() == other.main()
            && self.items.len() == other.items.len()
            && self
                .items
                .iter()
                .zip(other.items.iter())
                .all(|(one, another)| one.is_inner == another.is_inner && one.joins_as(another))
    }

    pub(super) fn item(&self, alias: &Option<String>) -> Option<&Item> {
        self.items.iter().find(|item| item.alias == *alias)
    }

    /// Whether a column is of an item of its own FROM.
    pub(super) fn knows(&self, column: &Column) -> bool {
        let aliases = self.items.iter().filter_map(|item| item.alias.as_deref());
        aliases
            .chain([self.relation.main_alias()])
            .any(|alias| alias == column.table)
    }

    /// Keeps what is left of its WHERE without the common terms, and that these columns are matched.
    pub(super) fn keep_rest(&mut self, common: &[Term], matched: Vec<Column>) {
        self.matched = matched;
        let own = self.terms.iter().enumerate();
        let own = own.filter(|(_, term)| !filter::holds(common, term));
        self.rest = own.map(|(place, _)| place).collect();
    }

    fn rest(&self) -> Option<Expr> {
        let is_matched = |column| Expr::IsNotNull(Box::new(tree::column_expr(column)));
        let own = self.rest.iter().filter_map(|place| self.terms.get(*place));
        let matched = self.matched.iter().map(is_matched);
        filter::conjunction(matched.chain(own.map(|term| term.expr.clone())))
    }

    /// ` FILTER (WHERE …)`, or nothing where all rows are its own.
    pub(super) fn filter_text(&self, dialect: Dialect) -> Result<String, RelationError> {
        match self.rest() {
            Some(rest) => Ok(format!(" FILTER (WHERE {})", render::text(&rest, dialect)?)),
            None => Ok(String::new()),
        }
    }

    /// Whether its condition names parameters of the statement, whose answer then comes in binary form.
    pub(super) fn has_parameters(&self) -> bool {
        has_parameters(self.relation.parts.filter.as_ref())
    }

    /// Whether only some rows are its own.
    pub(super) fn has_rest(&self) -> bool {
        !self.matched.is_empty() || !self.rest.is_empty()
    }
}

/// The group keys of all members, each once.
pub(super) fn all_groups(members: &[Member]) -> Vec<Expr> {
    let mut all: Vec<Expr> = Vec::new();
    for key in members.iter().flat_map(|member| &member.relation.parts.groups) {
        if place(&all, key).is_none() {
            all.push(key.clone());
        }
    }
    all
}

/// Where a group key stands among others.
pub(super) fn place(keys: &[Expr], key: &Expr) -> Option<usize> {
    keys.iter().position(|other| bare(other) == bare(key))
}

/// Without the brackets around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        expr => expr,
    }
}
