//! The tables that columns are qualified by.

use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{Expr, Query, Visit, Visitor};

use super::identifiers::folded;
use super::{Relation, shape};

impl Relation {
    /// A qualifier that names nothing in FROM, and what to do. Relations with sub-queries, which have names of their own,
    /// are left to the database.
    pub fn foreign_qualifier(&self) -> Option<(String, String)> {
        let parts = &self.parts;
        let mut known = vec![self.main_alias().to_owned()];
        for join in &parts.from.joins {
            known.push(shape::name_in_from(&join.relation)?);
        }
        let mut all = Qualifiers::default();
        let visited = [
            parts.from.visit(&mut all),
            parts.filter.visit(&mut all),
            parts.groups.visit(&mut all),
        ];
        if visited.iter().any(ControlFlow::is_break) {
            return None;
        }
        let foreign = all.found.into_iter().find(|table| !known.contains(table))?;
        Some((
            foreign,
            format!("its tables are {}: join it, or correct the name", known.join(", ")),
        ))
    }
}

/// The first table that an expression names.
pub(super) fn qualifier(expr: &Expr) -> Option<String> {
    let mut all = Qualifiers::default();
    // A sub-query ends the search: what is in it is about other rows.
    let _ = expr.visit(&mut all);
    all.found.into_iter().next()
}

#[derive(Default)]
struct Qualifiers {
    found: Vec<String>,
}

impl Visitor for Qualifiers {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        Break(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [table, _] = parts.as_slice()
        {
            self.found.push(folded(table));
        }
        Continue(())
    }
}
