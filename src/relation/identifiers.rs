//! Names: folded as PostgreSQL folds them, and marked to be quoted.

use std::convert::Infallible;
use std::ops::ControlFlow::{self, Continue};

use sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, TableAlias, TableFactor, TableWithJoins, VisitMut, VisitorMut,
};

use super::parse::rewrite;

/// Words that stand alone as values and are no columns, unless they are quoted.
const VALUE_WORDS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

/// A name as the database knows it: unquoted names are in lower case. (PostgreSQL folds ASCII letters alone where the
/// encoding has several bytes a character.)
pub(super) fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}

/// A name that will be rendered in quotes.
pub(super) fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

/// Whether a name without quotes is a value, such as `current_date`.
pub(super) fn is_value_word(ident: &Ident) -> bool {
    ident.quote_style.is_none() && VALUE_WORDS.contains(&ident.value.to_ascii_lowercase().as_str())
}

/// Quote every name of a table, column or alias; lone columns outside sub-queries get the qualifier.
/// Names of functions and types stay as written.
pub(super) fn quote<T: VisitMut>(part: &mut T, qualifier: Option<&str>) {
    rewrite(part, &mut Quoter { qualifier, depth: 0 });
}

/// Quote the names in USING, which no visitor of the parts of a join reaches.
pub(super) fn quote_joins(from: &mut TableWithJoins) {
    for join in &mut from.joins {
        let constraint = match &mut join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint) => constraint,
            _ => continue,
        };
        if let JoinConstraint::Using(names) = constraint {
            names.iter_mut().for_each(quote_name);
        }
    }
}

struct Quoter<'a> {
    qualifier: Option<&'a str>,
    /// How many queries the visit is inside of.
    depth: usize,
}

impl VisitorMut for Quoter<'_> {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.depth += 1;
        for table in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            quote_alias(&mut table.alias);
            // Here AS stands behind the name, and is printed anyway.
            table.alias.explicit = false;
        }
        Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<Infallible> {
        self.depth -= 1;
        Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        select.from.iter_mut().for_each(quote_joins);
        for item in &mut select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } => quote_ident(alias),
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => quote_name(name),
                _ => {}
            }
        }
        Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                if args.is_none() {
                    quote_name(name);
                }
                alias.iter_mut().for_each(quote_alias);
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                quote_joins(table_with_joins);
                alias.iter_mut().for_each(quote_alias);
            }
            TableFactor::Derived { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => alias.iter_mut().for_each(quote_alias),
            _ => {}
        }
        Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        match expr {
            Expr::Identifier(ident) if is_value_word(ident) => {}
            Expr::Identifier(ident) => {
                quote_ident(ident);
                if let (Some(qualifier), 0) = (self.qualifier, self.depth) {
                    let column = std::mem::replace(ident, quoted(""));
                    *expr = Expr::CompoundIdentifier(vec![quoted(qualifier), column]);
                }
            }
            Expr::CompoundIdentifier(parts) => parts.iter_mut().for_each(quote_ident),
            _ => {}
        }
        Continue(())
    }
}

fn quote_ident(ident: &mut Ident) {
    ident.value = folded(ident);
    ident.quote_style = Some('"');
}

fn quote_name(name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            quote_ident(ident);
        }
    }
}

fn quote_alias(alias: &mut TableAlias) {
    alias.explicit = true;
    quote_ident(&mut alias.name);
    alias
        .columns
        .iter_mut()
        .for_each(|column| quote_ident(&mut column.name));
}
