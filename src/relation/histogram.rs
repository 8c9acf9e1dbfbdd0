//! A histogram: how many groups of a column's equal values have how many rows.

use super::select::column_text;
use super::{Column, Dialect, Relation, RelationError};

/// The most buckets a histogram may have (spec 8).
const MAX_SIZE: i64 = 100;

impl Relation {
    /// The one statement of a histogram; its rows are bucket and number of groups. The rows of the relation are grouped by
    /// `column`, NULL being a group of its own. With `size = to - from + 1` a bucket is a group's number of rows; whatever
    /// has `to` rows or more is in bucket `size`, whatever has fewer than `from` in bucket 0 (spec 8).
    ///
    /// # Errors
    ///
    /// Bounds that are equal or reversed, a size outside 2…100, a relation that has a GROUP BY of its own, a placeholder
    /// that is not bound, a form that the dialect has not.
    pub fn histogram(
        &self,
        dialect: Dialect,
        column: &Column,
        from: i64,
        to: i64,
        size: i64,
    ) -> Result<String, RelationError> {
        check(self, from, to, size)?;
        let rows = self.tail(dialect, None)?;
        let column = column_text(column, dialect)?;
        let bucket = match dialect {
            Dialect::Postgres => format!(
                r#"WIDTH_BUCKET("count_cte"."count_grouped", {from}, {to}, {})"#,
                size - 1
            ),
            Dialect::Sqlite => bucket_by_integers(from, to, size),
        };
        Ok(format!(
            r#"WITH "count_cte" AS MATERIALIZED (SELECT COUNT(*) AS "count_grouped" {rows} GROUP BY {column}) SELECT {bucket} AS "buckets", COUNT(*) FROM "count_cte" GROUP BY "buckets" ORDER BY "buckets""#
        ))
    }
}

/// PostgreSQL's WIDTH_BUCKET in exact integers.
fn bucket_by_integers(from: i64, to: i64, size: i64) -> String {
    let count = r#""count_cte"."count_grouped""#;
    format!(
        "CASE WHEN {count} < {from} THEN 0 WHEN {count} >= {to} THEN {size} \
         ELSE ({count} - {from}) * {} / ({to} - {from}) + 1 END",
        size - 1
    )
}

fn check(relation: &Relation, from: i64, to: i64, size: i64) -> Result<(), RelationError> {
    if relation.is_grouped() {
        return Err(RelationError::new("a histogram groups by its own column")
            .help("remove the GROUP BY, and name the column under `column`"));
    }
    if from >= to {
        return Err(RelationError::new(format!(
            "the histogram's lower bound {from} is not below its upper bound {to}"
        ))
        .help("write buckets such as [1, 100]"));
    }
    if !(2..=MAX_SIZE).contains(&size) {
        return Err(RelationError::new(format!("a histogram of {size} buckets"))
            .help(format!("choose between 2 and {MAX_SIZE} buckets")));
    }
    Ok(())
}
