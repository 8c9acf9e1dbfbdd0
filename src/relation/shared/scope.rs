//! Whether the columns of a relation mean the same where its FROM holds more than it says.

use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{Expr, JoinConstraint, JoinOperator, Select, SelectItem, TableWithJoins, Visit, Visitor};

use crate::relation::Relation;
use crate::relation::identifiers::{folded, is_value_word};
use crate::relation::shape::name_in_from;

/// Whether every column is named with its table, and each of these tables is there: in the relation's FROM, before the ON
/// that names it, or in the sub-query around it. A lone name, also in a sub-query, might find a column of what is joined
/// for another relation, and be a number where it should be an error.
pub(super) fn is_closed(relation: &Relation) -> bool {
    let parts = &relation.parts;
    let mut known = vec![relation.main_alias().to_owned()];
    for join in &parts.from.joins {
        known.extend(name_in_from(&join.relation));
        let (JoinOperator::Join(JoinConstraint::On(condition))
        | JoinOperator::Inner(JoinConstraint::On(condition))
        | JoinOperator::Left(JoinConstraint::On(condition))
        | JoinOperator::LeftOuter(JoinConstraint::On(condition))) = &join.join_operator
        else {
            return false;
        };
        if !is_closed_in(condition, &known) {
            return false;
        }
    }
    is_closed_in(&parts.filter, &known) && is_closed_in(&parts.groups, &known)
}

fn is_closed_in(part: &impl Visit, known: &[String]) -> bool {
    let mut scope = Scope {
        known,
        inner: Vec::new(),
    };
    part.visit(&mut scope).is_continue()
}

struct Scope<'a> {
    known: &'a [String],
    /// Of each SELECT that the visit is inside of, what its FROM names.
    inner: Vec<Vec<String>>,
}

impl Visitor for Scope<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let names_columns = |item: &SelectItem| !matches!(item, SelectItem::QualifiedWildcard(..));
        self.inner.push(select.from.iter().flat_map(names).collect());
        match select.projection.iter().all(names_columns) {
            true => Continue(()),
            false => Break(()),
        }
    }

    fn post_visit_select(&mut self, _select: &Select) -> ControlFlow<()> {
        self.inner.pop();
        Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let is_there = match expr {
            Expr::Identifier(name) => is_value_word(name),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, _] => self.finds(&folded(table)),
                _ => false,
            },
            _ => true,
        };
        match is_there {
            true => Continue(()),
            false => Break(()),
        }
    }
}

impl Scope<'_> {
    fn finds(&self, table: &String) -> bool {
        self.known.contains(table) || self.inner.iter().any(|names| names.contains(table))
    }
}

fn names(from: &TableWithJoins) -> Vec<String> {
    let factors = std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation));
    factors.filter_map(name_in_from).collect()
}
