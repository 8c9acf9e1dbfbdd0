//! One SELECT over a relation: aggregates, values, bounds, steps.

use sqlparser::ast::Expr;

use super::range;
use super::tree::{and, column_expr};
use super::{Aggregate, Column, Dialect, IntegerWidth, KeyRange, Relation, RelationError, render};

impl Relation {
    /// `SELECT [group keys,] aggregates… FROM … [WHERE …] [GROUP BY …]`, with the range added to the WHERE.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound; a form or range that the dialect has not; [`Aggregate::Values`] together with
    /// anything else, or over a grouped relation; nothing to select.
    pub fn select(
        &self,
        dialect: Dialect,
        aggregates: &[Aggregate],
        range: Option<&KeyRange>,
    ) -> Result<String, RelationError> {
        let (relation, range) = self.over(range)?;
        let mut items = self.group_keys(dialect)?;
        for aggregate in aggregates {
            items.push(aggregate_text(aggregate, dialect)?);
        }
        if aggregates.is_empty() {
            return Err(RelationError::new("nothing is asked of the rows"));
        }
        let mut extra = range_condition(range, dialect)?;
        if let Some(column) = self.values_column(aggregates)? {
            extra = and(extra, Some(Expr::IsNotNull(Box::new(column_expr(column)))));
        }
        Ok(format!(
            "SELECT {} {}",
            items.join(", "),
            relation.tail(dialect, extra)?
        ))
    }

    /// The key `step` rows further on than the start of the range, for keyset stepping:
    /// `SELECT columns FROM table [WHERE range] ORDER BY columns LIMIT 1 OFFSET step`, of the table that the columns are
    /// of. Filters are left out, so that every row of the table lies in exactly one step.
    ///
    /// # Errors
    ///
    /// A range that the dialect has not; no columns.
    pub fn step(
        &self,
        dialect: Dialect,
        columns: &[Column],
        range: Option<&KeyRange>,
        step: u64,
    ) -> Result<String, RelationError> {
        let Some(first) = columns.first() else {
            return Err(RelationError::new("a step needs the columns of a key"));
        };
        let (relation, range) = self.over(range)?;
        let table = relation.base_of(&first.table).unwrap_or_else(|| relation.base());
        let columns = texts(columns, dialect)?;
        let tail = table.tail(dialect, range_condition(range, dialect)?)?;
        Ok(format!(
            "SELECT {columns} {tail} ORDER BY {columns} LIMIT 1 OFFSET {step}"
        ))
    }

    /// The lowest and highest value of a column, asked behind a fence: without it PostgreSQL walks the column's own index
    /// from its end until a row passes the filter, which takes long where few rows do.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound; a form that the dialect has not.
    pub fn fenced_bounds(&self, dialect: Dialect, column: &Column) -> Result<String, RelationError> {
        let rows = self.ungrouped().tail(dialect, None)?;
        let column = column_text(column, dialect)?;
        let fence = match dialect {
            Dialect::Postgres => "OFFSET 0",
            Dialect::Sqlite => "LIMIT -1 OFFSET 0",
        };
        Ok(format!(
            r#"SELECT MIN("v"), MAX("v") FROM (SELECT {column} AS "v" {rows} {fence}) AS "fenced""#
        ))
    }

    /// Its group keys as a dialect spells them, in their order.
    ///
    /// # Errors
    ///
    /// A placeholder that is not bound; a form that the dialect has not.
    pub fn group_texts(&self, dialect: Dialect) -> Result<Vec<String>, RelationError> {
        self.group_keys(dialect)
    }

    /// The group keys as the select list names them.
    pub(super) fn group_keys(&self, dialect: Dialect) -> Result<Vec<String>, RelationError> {
        self.parts.groups.iter().map(|key| render::text(key, dialect)).collect()
    }

    /// `FROM … [WHERE …] [GROUP BY …]`, with one more condition.
    pub(super) fn tail(&self, dialect: Dialect, extra: Option<Expr>) -> Result<String, RelationError> {
        let mut tail = format!("FROM {}", render::text(&self.parts.from, dialect)?);
        if let Some(filter) = and(self.parts.filter.clone(), extra) {
            tail.push_str(" WHERE ");
            tail.push_str(&render::text(&filter, dialect)?);
        }
        let keys = self.group_keys(dialect)?;
        if !keys.is_empty() {
            tail.push_str(" GROUP BY ");
            tail.push_str(&keys.join(", "));
        }
        Ok(tail)
    }

    fn values_column<'a>(&self, aggregates: &'a [Aggregate]) -> Result<Option<&'a Column>, RelationError> {
        let column = aggregates.iter().find_map(|aggregate| match aggregate {
            Aggregate::Values(column) => Some(column),
            _ => None,
        });
        match column {
            Some(_) if aggregates.len() > 1 => {
                Err(RelationError::new("the values of a column stand alone in a SELECT"))
            }
            Some(_) if self.is_grouped() => Err(RelationError::new(
                "a grouped relation has no single values of a column",
            )
            .help("take them from the relation without its GROUP BY")),
            column => Ok(column),
        }
    }
}

/// A column as text.
pub(super) fn column_text(column: &Column, dialect: Dialect) -> Result<String, RelationError> {
    render::text(&column_expr(column), dialect)
}

fn texts(columns: &[Column], dialect: Dialect) -> Result<String, RelationError> {
    let texts: Vec<String> = columns
        .iter()
        .map(|column| column_text(column, dialect))
        .collect::<Result<_, _>>()?;
    Ok(texts.join(", "))
}

/// What a range adds to a WHERE.
pub(super) fn range_condition(range: Option<&KeyRange>, dialect: Dialect) -> Result<Option<Expr>, RelationError> {
    match range {
        Some(range) => range::condition(range, dialect),
        None => Ok(None),
    }
}

/// An aggregate as an item of a select list.
pub(super) fn aggregate_text(aggregate: &Aggregate, dialect: Dialect) -> Result<String, RelationError> {
    let call = |function: &str, column: &Column| Ok(format!("{function}({})", column_text(column, dialect)?));
    match aggregate {
        Aggregate::CountRows => Ok("COUNT(*)".to_owned()),
        Aggregate::Count(column) => call("COUNT", column),
        Aggregate::CountDistinct(column) => Ok(format!("COUNT(DISTINCT {})", column_text(column, dialect)?)),
        Aggregate::Sum(column) => call("SUM", column),
        Aggregate::Average(column) => call("AVG", column),
        Aggregate::Min(column) => call("MIN", column),
        Aggregate::Max(column) => call("MAX", column),
        Aggregate::Values(column) => column_text(column, dialect),
        Aggregate::PackedIntegers(column, width) => {
            let column = column_text(column, dialect)?;
            Ok(match (dialect, width) {
                (Dialect::Postgres, IntegerWidth::Four) => format!("string_agg(int4send({column}::int4), '')"),
                (Dialect::Postgres, IntegerWidth::Eight) => format!("string_agg(int8send({column}::int8), '')"),
                (Dialect::Sqlite, _) => format!("group_concat({column}, ',')"),
            })
        }
    }
}
