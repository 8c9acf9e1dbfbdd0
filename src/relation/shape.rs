//! The shape of a relation: tables with joins, WHERE, GROUP BY, and nothing else.

use sqlparser::ast::{
    Expr, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, Select, SetExpr, TableAlias,
    TableFactor, TableWithJoins, Value, Visit, Visitor,
};
use sqlparser::keywords::Keyword;
use std::ops::ControlFlow;

use super::identifiers::folded;
use super::source::Source;
use super::tree::Main;
use super::{MainTable, RelationError, extent};

/// The clauses of a relation.
pub(super) struct Shape {
    pub from: TableWithJoins,
    pub filter: Option<Expr>,
    pub groups: Vec<Expr>,
}

/// Take `SELECT * FROM …` apart, refusing every clause that a relation has not.
pub(super) fn of(query: Query, source: &Source<'_>) -> Result<Shape, RelationError> {
    refuse_query_clauses(&query, source)?;
    let SetExpr::Select(select) = *query.body else {
        return Err(set_operation(source));
    };
    refuse_select_clauses(&select, source)?;
    let Select {
        mut from,
        selection: filter,
        group_by,
        ..
    } = *select;
    if from.len() > 1 {
        return Err(RelationError::new("tables are separated by a comma")
            .help("write the second table as JOIN … ON …")
            .at(source.comma()));
    }
    let from = from.pop().ok_or_else(|| RelationError::new("no table is named"))?;
    check_joins(&from.joins, source)?;
    Ok(Shape {
        from,
        filter,
        groups: group_keys(group_by, source)?,
    })
}

/// The table, or named sub-query, that a relation counts; every name in FROM stands for one table.
pub(super) fn main_source(from: &TableWithJoins, source: &Source<'_>) -> Result<Main, RelationError> {
    check_aliases(from, source)?;
    match &from.relation {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } => {
            let table = table(name, alias.as_ref())
                .ok_or_else(|| RelationError::new("the first table has no name").at(source.range(extent::of(name))))?;
            Ok(Main {
                alias: table.alias.clone(),
                table: Some(table),
            })
        }
        TableFactor::Derived {
            alias: Some(alias),
            lateral: false,
            ..
        } => Ok(Main {
            alias: folded(&alias.name),
            table: None,
        }),
        other => Err(
            RelationError::new("the first item of FROM is neither a table nor a sub-query")
                .help("start with the table whose rows are counted, and JOIN the rest without brackets")
                .at(source.range(extent::of(other))),
        ),
    }
}

/// A table as it is named in FROM.
pub(super) fn table(name: &ObjectName, alias: Option<&TableAlias>) -> Option<MainTable> {
    let mut parts = name.0.iter().filter_map(|part| part.as_ident()).map(folded);
    let first = parts.next()?;
    let (schema, name) = match parts.next() {
        Some(second) => (Some(first), second),
        None => (None, first),
    };
    let alias = alias.map_or_else(|| name.clone(), |alias| folded(&alias.name));
    Some(MainTable { schema, name, alias })
}

fn refuse_query_clauses(query: &Query, source: &Source<'_>) -> Result<(), RelationError> {
    let every_row = "remove it: every row is counted";
    let clauses = [
        (
            query.with.is_some(),
            Keyword::WITH,
            "WITH",
            "write the query in place, as a sub-query",
        ),
        (
            query.order_by.is_some(),
            Keyword::ORDER,
            "ORDER BY",
            "remove it: counting has no order",
        ),
        (
            query.limit_clause.is_some() && source.keyword(Keyword::LIMIT).is_some(),
            Keyword::LIMIT,
            "LIMIT",
            every_row,
        ),
        (query.limit_clause.is_some(), Keyword::OFFSET, "OFFSET", every_row),
        (query.fetch.is_some(), Keyword::FETCH, "FETCH", every_row),
        (
            !query.locks.is_empty(),
            Keyword::FOR,
            "FOR UPDATE",
            "remove it: a definition may only read",
        ),
    ];
    for (present, keyword, name, help) in clauses {
        if present {
            return Err(refused(name, help).at(source.keyword(keyword)));
        }
    }
    Ok(())
}

fn refuse_select_clauses(select: &Select, source: &Source<'_>) -> Result<(), RelationError> {
    let per_batch = "remove it: rows are counted in batches, so a condition on a whole group cannot be met; \
                     put the grouped query into FROM as a sub-query";
    let clauses = [
        (
            select.distinct.is_some(),
            Keyword::DISTINCT,
            "DISTINCT",
            "use the operation distinct_count",
        ),
        (
            select.into.is_some(),
            Keyword::INTO,
            "INTO",
            "remove it: a definition may only read",
        ),
        (select.having.is_some(), Keyword::HAVING, "HAVING", per_batch),
        (!select.named_window.is_empty(), Keyword::WINDOW, "WINDOW", "remove it"),
        (select.qualify.is_some(), Keyword::QUALIFY, "QUALIFY", "remove it"),
    ];
    for (present, keyword, name, help) in clauses {
        if present {
            return Err(refused(name, help).at(source.keyword(keyword)));
        }
    }
    Ok(())
}

fn refused(clause: &str, help: &str) -> RelationError {
    RelationError::new(format!("{clause} does not belong in a relation")).help(help)
}

fn set_operation(source: &Source<'_>) -> RelationError {
    let place = [Keyword::UNION, Keyword::INTERSECT, Keyword::EXCEPT]
        .into_iter()
        .find_map(|word| source.keyword(word));
    RelationError::new("UNION, INTERSECT and EXCEPT do not belong in a relation")
        .help("put the whole into FROM as a sub-query: (SELECT … UNION SELECT …) AS name")
        .at(place)
}

fn check_joins(joins: &[Join], source: &Source<'_>) -> Result<(), RelationError> {
    for join in joins {
        let place = source.range(extent::of(join));
        let constraint = match &join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint) => constraint,
            JoinOperator::CrossJoin(JoinConstraint::None) => continue,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_) => {
                return Err(RelationError::new("RIGHT and FULL joins do not belong in a relation")
                    .help("start with the table whose rows are counted, and use LEFT JOIN: rows are batched by its key")
                    .at(place));
            }
            _ => {
                return Err(RelationError::new("this kind of join is not supported")
                    .help("write JOIN, LEFT JOIN or CROSS JOIN")
                    .at(place));
            }
        };
        match constraint {
            JoinConstraint::On(_) | JoinConstraint::Using(_) => {}
            JoinConstraint::Natural => {
                return Err(RelationError::new("NATURAL joins do not belong in a relation")
                    .help("name the columns with ON or USING: columns added later would change the join")
                    .at(place));
            }
            JoinConstraint::None => {
                return Err(RelationError::new("the join has no condition")
                    .help("add ON …")
                    .at(place));
            }
        }
    }
    Ok(())
}

fn check_aliases(from: &TableWithJoins, source: &Source<'_>) -> Result<(), RelationError> {
    let mut seen = Vec::new();
    let factors = std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation));
    for factor in factors {
        let Some(name) = name_in_from(factor) else { continue };
        if seen.contains(&name) {
            return Err(RelationError::new(format!("`{name}` is named twice in FROM"))
                .help("give one of them another name: table AS name")
                .at(source.range(extent::of(factor))));
        }
        seen.push(name);
    }
    Ok(())
}

/// What the rest of a statement calls an item of FROM.
pub(super) fn name_in_from(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, alias, .. } => table(name, alias.as_ref()).map(|table| table.alias),
        TableFactor::Derived { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. } => alias.as_ref().map(|alias| folded(&alias.name)),
        _ => None,
    }
}

fn group_keys(group_by: GroupByExpr, source: &Source<'_>) -> Result<Vec<Expr>, RelationError> {
    let place = source.keyword(Keyword::GROUP);
    let GroupByExpr::Expressions(keys, modifiers) = group_by else {
        return Err(RelationError::new("GROUP BY ALL does not belong in a relation")
            .help("name the keys")
            .at(place));
    };
    if !modifiers.is_empty() {
        return Err(sets_of_keys().at(place));
    }
    if are_first_places(&keys) {
        return Ok(keys);
    }
    for key in &keys {
        let place = source.range(extent::of(key)).or_else(|| place.clone());
        match key {
            Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_) => return Err(sets_of_keys().at(place)),
            Expr::Tuple(_) => {
                return Err(RelationError::new("a list of keys in brackets")
                    .help("remove the brackets")
                    .at(place));
            }
            key if !names_a_column(key) => {
                return Err(RelationError::new("a GROUP BY key names no column")
                    .help("write the column or expression itself: a relation has no list that a number could count")
                    .at(place));
            }
            _ => {}
        }
    }
    Ok(keys)
}

/// `GROUP BY 1, 2`, as queries of warehouses end. The keys are the first things selected, so that each number stands for
/// itself: all rows are one group.
pub(super) fn are_first_places(keys: &[Expr]) -> bool {
    let is_place = |(index, key): (usize, &Expr)| match key {
        Expr::Value(key) => matches!(&key.value, Value::Number(number, _) if *number == (index + 1).to_string()),
        _ => false,
    };
    !keys.is_empty() && keys.iter().enumerate().all(is_place)
}

fn sets_of_keys() -> RelationError {
    RelationError::new("ROLLUP, CUBE and GROUPING SETS do not belong in a relation")
        .help("write one list of keys; a metric with other keys is a metric of its own")
}

fn names_a_column(key: &Expr) -> bool {
    struct Finder;
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(Ident { .. }) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    key.visit(&mut Finder).is_break()
}
