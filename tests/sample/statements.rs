//! SQL for the shipped definitions, put together from their text alone: an oracle that shares nothing with the engine.

use chrono::{DateTime, Duration, Utc};
use serde_yaml::Value;

use crate::shipped::{classes, definitions, frames};

/// What a statement gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One number.
    Scalar,
    /// A row a group: the number stands last.
    Groups,
    /// A row for each size of group.
    Histogram,
    /// One value of any type.
    Value,
}

/// A statement for one key path.
#[derive(Debug)]
pub struct Statement {
    pub key: String,
    pub shape: Shape,
    pub sql: String,
}

/// Every statement that the shipped definitions need, in SQL that SQLite reads.
pub fn statements(now: DateTime<Utc>) -> Vec<Statement> {
    let classes = classes();
    let mut statements = Vec::new();
    for file in definitions() {
        for (key, frame) in frames(&file.value) {
            for (class, options, frame) in parts(&file.value, frame) {
                let (body, parameters) = match class.as_str() {
                    "DatabaseMetric" => (options.clone(), Value::Null),
                    "SqlValueMetric" => {
                        let sql = text(&options, "query").unwrap();
                        statements.push(Statement {
                            key: key.clone(),
                            shape: Shape::Value,
                            sql,
                        });
                        continue;
                    }
                    declared => match classes.get(declared) {
                        Some(body) => (body.clone(), options.clone()),
                        None => continue,
                    },
                };
                statements.push(statement(&key, &body, &parameters, &frame, now));
            }
        }
    }
    statements
}

/// The classes a definition runs, each with its options and time frame: itself, or the parts of a sum.
fn parts(definition: &Value, frame: String) -> Vec<(String, Value, String)> {
    let Some(class) = text(definition, "instrumentation_class") else {
        return Vec::new();
    };
    match definition["options"]["data"].as_sequence() {
        None => vec![(class, definition["options"].clone(), frame)],
        Some(parts) => {
            let part = |part: &Value| {
                (
                    text(part, "instrumentation_class").unwrap(),
                    part["options"].clone(),
                    text(part, "time_frame").unwrap(),
                )
            };
            parts.iter().map(part).collect()
        }
    }
}

fn statement(key: &str, body: &Value, parameters: &Value, frame: &str, now: DateTime<Utc>) -> Statement {
    let relation = bound(&text(body, "relation").unwrap(), parameters, now);
    let table = relation.split(' ').next().unwrap().to_owned();
    let qualify = |column: String| {
        if column.contains('.') {
            column
        } else {
            format!("{table}.{column}")
        }
    };
    let primary_key = match &body["primary_key"] {
        Value::Sequence(columns) => columns[0].as_str().unwrap().to_owned(),
        single => single.as_str().unwrap_or("id").to_owned(),
    };
    let column = qualify(text(body, "column").unwrap_or(primary_key));
    let (rows, groups) = match relation.split_once(" GROUP BY ") {
        Some((rows, groups)) => (rows.to_owned(), Some(groups.to_owned())),
        None => (relation, None),
    };
    let rows = within(
        rows,
        &qualify(text(body, "timestamp_column").unwrap_or("created_at".to_owned())),
        frame,
        now,
    );
    let aggregate = match body["operation"].as_str().unwrap() {
        "count" => format!("COUNT({column})"),
        "distinct_count" | "estimate_batch_distinct_count" => format!("COUNT(DISTINCT {column})"),
        "sum" => format!("SUM({column})"),
        "average" => format!("AVG({column})"),
        "histogram" => {
            let sizes = format!("SELECT COUNT(*) AS size FROM {rows} GROUP BY {column}");
            let sql = format!("SELECT COUNT(*) FROM ({sizes}) GROUP BY size");
            return Statement {
                key: key.to_owned(),
                shape: Shape::Histogram,
                sql,
            };
        }
        other => panic!("{key}: {other}"),
    };
    let (shape, sql) = match groups {
        None => (Shape::Scalar, format!("SELECT {aggregate} FROM {rows}")),
        Some(groups) => (
            Shape::Groups,
            format!("SELECT {aggregate} FROM {rows} GROUP BY {groups}"),
        ),
    };
    Statement {
        key: key.to_owned(),
        shape,
        sql,
    }
}

fn bound(relation: &str, parameters: &Value, now: DateTime<Utc>) -> String {
    let mut relation = relation.to_owned();
    for (name, value) in parameters.as_mapping().into_iter().flatten() {
        let literal = match value {
            Value::Bool(flag) => flag.to_string().to_uppercase(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => format!("'{text}'"),
            other => panic!("{other:?}"),
        };
        relation = relation.replace(&format!(":{}", name.as_str().unwrap()), &literal);
    }
    relation = relation.replace(":now - INTERVAL '2 hours'", &instant(now - Duration::hours(2)));
    relation.replace(":now", &instant(now))
}

/// Spec 3.1: from 30 or 9 days before now to 2 days before it.
fn within(rows: String, column: &str, frame: &str, now: DateTime<Utc>) -> String {
    let days = match frame {
        "7d" => 9,
        "28d" => 30,
        _ => return rows,
    };
    let (from, to) = (instant(now - Duration::days(days)), instant(now - Duration::days(2)));
    let window = format!("{column} BETWEEN {from} AND {to}");
    match rows.split_once(" WHERE ") {
        Some((tables, condition)) => format!("{tables} WHERE ({condition}) AND {window}"),
        None => format!("{rows} WHERE {window}"),
    }
}

fn instant(time: DateTime<Utc>) -> String {
    time.format("'%Y-%m-%d %H:%M:%S%.6f'").to_string()
}

fn text(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}
