//! A join that only picks rows, as the set of keys that it picks them by.
//!
//! `issues JOIN projects ON projects.id = issues.project_id WHERE projects.active` has each issue at most once, and nothing
//! of its project. So the keys of all active projects are read once, and each issue is looked up in them: it need not be
//! joined, and stands in the same pass as what is asked of all issues.

use std::collections::BTreeSet;
use std::ops::ControlFlow::{self, Break, Continue};

use sqlparser::ast::{Expr, Join, JoinConstraint, JoinOperator, Query, Visit, Visitor};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::filter::{conjunction, terms};
use super::item::{equated_columns, real_table};
use super::{IsUnique, Relation};
use crate::relation::identifiers::{folded, is_value_word};
use crate::relation::select::column_text;
use crate::relation::{Aggregate, Column, Dialect, IntegerWidth, RelationError};

/// An inner join of one table by its key, none of whose columns is asked for.
#[derive(Debug, Clone)]
pub struct SemiJoin {
    /// The rows of the first table, without the join.
    rows: Relation,
    /// Its column that holds the joined table's key.
    column: Column,
    /// The rows of the joined table that are joined.
    keys: Relation,
    key: Column,
}

impl SemiJoin {
    /// `None` where the relation joins otherwise, or a condition or group is about both tables, or it cannot be told which
    /// one it is about.
    pub fn of(relation: &Relation, is_unique: &IsUnique<'_>) -> Option<SemiJoin> {
        let parts = &relation.parts;
        let main = relation.main_table()?.alias.clone();
        let [join] = parts.from.joins.as_slice() else {
            return None;
        };
        let joined = real_table(&join.relation)?;
        let mut sides = Sides {
            main: &main,
            joined: &joined.alias,
            of_main: Vec::new(),
            of_joined: Vec::new(),
        };
        let (mut column, mut key) = (None, None);
        for term in terms(Some(inner_condition(join)?)) {
            match equated_columns(&term.expr, &main, &joined.alias) {
                Some((own, of_joined))
                    if is_unique(&joined, std::slice::from_ref(&of_joined.name)) && key.is_none() =>
                {
                    (column, key) = (Some(own), Some(of_joined));
                }
                _ => sides.take(term.expr)?,
            }
        }
        for term in terms(parts.filter.as_ref()) {
            sides.take(term.expr)?;
        }
        let groups_main = |key: &Expr| tables_of(key).is_some_and(|tables| tables.iter().all(|table| *table == main));
        if relation.groups_by_place() || !parts.groups.iter().all(groups_main) {
            return None;
        }
        let mut rows = relation.base();
        let of_rows = rows.parts_mut();
        of_rows.filter = conjunction(sides.of_main);
        of_rows.groups = parts.groups.clone();
        let mut keys = relation.base_of(&joined.alias)?;
        keys.parts_mut().filter = conjunction(sides.of_joined);
        Some(SemiJoin {
            rows,
            column: column?,
            keys,
            key: key?,
        })
    }

    /// The first table's column that holds the key.
    pub fn column(&self) -> &Column {
        &self.column
    }

    /// The key of the joined table.
    pub fn key(&self) -> &Column {
        &self.key
    }

    /// The first table's rows, joined or not.
    pub fn rows(&self) -> &Relation {
        &self.rows
    }

    /// The joined table's rows that are joined.
    pub fn keys(&self) -> &Relation {
        &self.keys
    }

    /// The statement whose one packed value holds the keys.
    ///
    /// # Errors
    /// A form that the dialect has not.
    pub fn keys_statement(&self, dialect: Dialect) -> Result<String, RelationError> {
        let packed = Aggregate::PackedIntegers(self.key.clone(), IntegerWidth::Eight);
        self.keys.select(dialect, &[packed], None)
    }

    /// The rows that are joined, in PostgreSQL: those whose key has its bit set in a parameter of the statement (1, 2, …),
    /// which is of type `bytea`, its first bit the lowest one of its first byte and that of key 0.
    ///
    /// # Errors
    /// A column whose name cannot be written.
    pub fn rows_by(&self, parameter: usize) -> Result<Relation, RelationError> {
        let column = column_text(&self.column, Dialect::Postgres)?;
        // CASE keeps get_bit from keys that the parameter is too short for.
        let text = format!(
            "CASE WHEN {column} BETWEEN 0 AND octet_length(${parameter}) * 8 - 1 \
             THEN get_bit(${parameter}, CAST({column} AS int4)) = 1 ELSE false END"
        );
        let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(&text);
        let condition = parser.as_mut().map_err(|error| RelationError::new(error.to_string()));
        let condition = condition?
            .parse_expr()
            .map_err(|error| RelationError::new(error.to_string()))?;
        let mut relation = self.rows.clone();
        let own = terms(self.rows.parts.filter.as_ref()).into_iter().map(|term| term.expr);
        relation.parts_mut().filter = conjunction(own.chain([condition]));
        Ok(relation)
    }
}

/// Conditions by the table that they are about.
struct Sides<'a> {
    main: &'a str,
    joined: &'a str,
    of_main: Vec<Expr>,
    of_joined: Vec<Expr>,
}

impl Sides<'_> {
    fn take(&mut self, term: Expr) -> Option<()> {
        let tables = tables_of(&term)?;
        let is_about = |alias: &str| tables.iter().all(|table| table == alias);
        match (is_about(self.main), is_about(self.joined)) {
            (true, _) => self.of_main.push(term),
            (false, true) => self.of_joined.push(term),
            (false, false) => return None,
        }
        Some(())
    }
}

/// The condition of an inner join.
fn inner_condition(join: &Join) -> Option<&Expr> {
    match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(condition)) | JoinOperator::Inner(JoinConstraint::On(condition)) => {
            Some(condition)
        }
        _ => None,
    }
}

/// The tables whose columns are named; `None` where a name does not say its table, or a sub-query asks others.
fn tables_of(expr: &Expr) -> Option<BTreeSet<String>> {
    let mut named = Named::default();
    expr.visit(&mut named).is_continue().then_some(named.tables)
}

/// Whether a relation names parameters of its statement, as [`SemiJoin::rows_by`] does.
pub(super) fn has_parameters(filter: Option<&Expr>) -> bool {
    filter.is_some_and(|filter| filter.visit(&mut Parameters).is_break())
}

#[derive(Default)]
struct Named {
    tables: BTreeSet<String>,
}

impl Visitor for Named {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        Break(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) if !is_value_word(name) => Break(()),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, _] => {
                    self.tables.insert(folded(table));
                    Continue(())
                }
                _ => Break(()),
            },
            _ => Continue(()),
        }
    }
}

struct Parameters;

impl Visitor for Parameters {
    type Break = ();

    fn pre_visit_value(&mut self, value: &sqlparser::ast::ValueWithSpan) -> ControlFlow<()> {
        match &value.value {
            sqlparser::ast::Value::Placeholder(name) if name.starts_with('$') => Break(()),
            _ => Continue(()),
        }
    }
}
