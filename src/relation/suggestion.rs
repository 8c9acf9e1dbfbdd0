//! A name for a metric, from its query (spec 11.5).

use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{Expr, Visit, Visitor};

use super::normal::flat;
use super::qualifier::qualifier;
use super::{Column, Dialect, Operation, Relation, render, shape};

/// What joined tables are introduced by, in turn.
const INTRODUCTIONS: [&str; 3] = ["<with>", "<having>", "<including>"];

/// The column of windows, which is no part of what is counted.
const TIMESTAMP: &str = "created_at";

impl Relation {
    /// The operation, `<column>_from` where a column is named, an adjective to be found for the conditions, the table, and
    /// the joined tables. What stands in angle brackets is a person's to replace.
    pub fn suggested_name(&self, operation: Operation, column: Option<&Column>) -> String {
        let mut parts = vec![prefix(operation).to_owned()];
        parts.extend(column.map(|column| format!("{}_from", column.name)));
        parts.extend(self.noun(self.main_alias(), true));
        let joined = self.parts.from.joins.iter();
        let aliases = joined.filter_map(|join| shape::name_in_from(&join.relation));
        for (alias, introduction) in aliases.zip(INTRODUCTIONS.iter().cycle()) {
            parts.push((*introduction).to_owned());
            parts.extend(self.noun(&alias, false));
        }
        parts.join("_")
    }

    /// A table by its name, with the adjective that its conditions ask for.
    fn noun(&self, alias: &str, is_main: bool) -> Vec<String> {
        let conditions = self.conditions_on(alias, is_main);
        let adjective = (!conditions.is_empty()).then(|| {
            let conditions = conditions.join(" AND ");
            format!("<adjective describing: '({conditions})'>")
        });
        let name = self.table(alias).map_or_else(|| alias.to_owned(), |table| table.name);
        adjective.into_iter().chain([name]).collect()
    }

    /// The conditions that look at one table; those that name no table look at the main one.
    fn conditions_on(&self, alias: &str, is_main: bool) -> Vec<String> {
        let terms = self.parts.filter.clone().into_iter();
        let terms = terms.flat_map(|filter| flat(filter, &sqlparser::ast::BinaryOperator::And));
        let of_table = terms.filter(|term| match qualifier(term) {
            Some(table) => table == alias,
            None => is_main,
        });
        of_table
            .filter(|term| !mentions_timestamp(term))
            .map(|term| spelled(&term))
            .collect()
    }
}

fn prefix(operation: Operation) -> &'static str {
    match operation {
        Operation::Count => "count",
        Operation::DistinctCount => "count_distinct",
        Operation::EstimateBatchDistinctCount => "estimate_distinct_count",
        Operation::Sum => "sum",
        Operation::Average => "average",
        Operation::Histogram { .. } => "histogram",
    }
}

/// Without quotes; placeholders as they were written.
fn spelled(term: &Expr) -> String {
    let text = render::text(term, Dialect::Postgres).unwrap_or_else(|_| term.to_string());
    text.replace(['"', '\''], "")
}

fn mentions_timestamp(term: &Expr) -> bool {
    struct Timestamp;
    impl Visitor for Timestamp {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let name = match expr {
                Expr::Identifier(name) => Some(name),
                Expr::CompoundIdentifier(parts) => parts.last(),
                _ => None,
            };
            match name.is_some_and(|name| name.value == TIMESTAMP) {
                true => Break(()),
                false => Continue(()),
            }
        }
    }
    term.visit(&mut Timestamp).is_break()
}
