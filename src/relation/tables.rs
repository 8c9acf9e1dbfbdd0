//! The real tables that a tree reads.

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Continue};

use sqlparser::ast::{Query, TableFactor, Visit, Visitor};

use super::MainTable;
use super::identifiers::folded;
use super::shape::table;

/// Collects tables in order of appearance, each once; names of WITH queries are not tables.
#[derive(Default)]
pub(super) struct Tables {
    found: Vec<MainTable>,
    named_queries: Vec<String>,
}

impl Tables {
    /// Add the tables of a part of a tree.
    pub(super) fn of<T: Visit>(mut self, part: &T) -> Self {
        match part.visit(&mut self) {
            Continue(()) => self,
            ControlFlow::Break(never) => match never {},
        }
    }

    pub(super) fn into_list(self) -> Vec<MainTable> {
        self.found
    }
}

impl Visitor for Tables {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Infallible> {
        let names = query
            .with
            .iter()
            .flat_map(|with| &with.cte_tables)
            .map(|table| folded(&table.alias.name));
        self.named_queries.extend(names);
        Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
            && let Some(table) = table(name, alias.as_ref())
            && !(table.schema.is_none() && self.named_queries.contains(&table.name))
            && !self.found.contains(&table)
        {
            self.found.push(table);
        }
        Continue(())
    }
}
