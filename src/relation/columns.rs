//! The columns of real tables that a tree names.

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Continue};

use sqlparser::ast::{Expr, Ident, Query, SetExpr, Visit, Visitor};

use super::identifiers::{folded, is_value_word};
use super::shape::name_in_from;
use super::tables::Tables;
use super::{Column, MainTable, Relation};

/// Columns in order of appearance, each once, by the name of their table; a lone name of a query over several tables is
/// not told.
pub(super) fn columns<T: Visit>(part: &T, tables: &[MainTable]) -> Vec<Column> {
    let mut columns = Columns {
        tables,
        queries: Vec::new(),
        found: Vec::new(),
    };
    match part.visit(&mut columns) {
        Continue(()) => columns.found,
        ControlFlow::Break(never) => match never {},
    }
}

impl Relation {
    /// Every column of a real table that is named anywhere in it, by the table's own name.
    pub fn columns(&self) -> Vec<Column> {
        let tables = self.tables();
        let parts = [
            columns(&self.parts.from, &tables),
            columns(&self.parts.filter, &tables),
            columns(&self.parts.groups, &tables),
        ];
        parts.concat()
    }
}

impl super::Query {
    /// As [`Relation::columns`].
    pub fn columns(&self) -> Vec<Column> {
        columns(&self.query, &Tables::default().of(&self.query).into_list())
    }
}

struct Columns<'a> {
    tables: &'a [MainTable],
    /// Of each query that the visit is inside of, the only item of its FROM.
    queries: Vec<Option<String>>,
    found: Vec<Column>,
}

impl Columns<'_> {
    fn note(&mut self, table: &str, column: &Ident) {
        let Some(table) = self.tables.iter().find(|known| known.alias == table) else {
            return;
        };
        let column = Column {
            table: table.name.clone(),
            name: folded(column),
        };
        if !self.found.contains(&column) {
            self.found.push(column);
        }
    }
}

impl Visitor for Columns<'_> {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Infallible> {
        self.queries.push(only_item(query));
        Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<Infallible> {
        self.queries.pop();
        Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Infallible> {
        match expr {
            Expr::CompoundIdentifier(parts) => {
                if let [table, column] = parts.as_slice() {
                    self.note(&folded(table), column);
                }
            }
            Expr::Identifier(column) if !is_value_word(column) => {
                if let Some(Some(table)) = self.queries.last().cloned() {
                    self.note(&table, column);
                }
            }
            _ => {}
        }
        Continue(())
    }
}

fn only_item(query: &Query) -> Option<String> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    match select.from.as_slice() {
        [only] if only.joins.is_empty() => name_in_from(&only.relation),
        _ => None,
    }
}
