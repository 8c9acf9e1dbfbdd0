//! Metrics of any kind over tables of any kind, each with the SQL that says what its value is.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bounds::{Bounds, is_integer, spread};
use super::collected::now;
use super::condition::{Condition, condition};
use super::key::Key;
use super::schema::Table;
use super::shape::{From, Shape};

/// Whether some metrics say `consistency: approximate`.
const CONSISTENCY: bool = true;

/// A metric, all that it names as any number.
#[derive(Debug, Clone)]
pub struct Draft {
    shape: usize,
    operation: &'static str,
    /// An alias and one of the operation's columns; `None` counts rows.
    column: Option<(usize, usize)>,
    /// Which of the conditions that several metrics have.
    common: Vec<bool>,
    own: Option<Condition>,
    groups: Vec<(usize, usize)>,
    time_frame: &'static str,
    /// Into how many ranges a batch size is to split the rows.
    ranges: Option<i64>,
    start: Option<i64>,
    finish: Option<i64>,
    declares: Declares,
    approximate: bool,
}

/// What the definition says of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Declares {
    Nothing,
    Key,
    NoKey,
}

/// A definition, and the statement that gives its value.
#[derive(Debug, Clone)]
pub struct Metric {
    pub key_path: String,
    pub time_frame: &'static str,
    pub options: Value,
    pub sql: String,
    pub is_estimate: bool,
}

const OPERATIONS: [&str; 5] = [
    "count",
    "distinct_count",
    "estimate_batch_distinct_count",
    "sum",
    "average",
];

pub fn draft(common: usize) -> impl Strategy<Value = Draft> {
    let what = (
        0usize..6,
        prop::sample::select(&OPERATIONS[..]),
        prop::option::weighted(0.7, (0usize..6, 0usize..12)),
        prop::collection::vec(prop::bool::weighted(0.4), common),
        prop::option::weighted(0.6, condition()),
        prop_oneof![
            3 => Just(Vec::new()),
            1 => prop::collection::vec((0usize..6, 0usize..4), 1),
            1 => prop::collection::vec((0usize..6, 0usize..4), 2),
        ],
    );
    let how = (
        prop_oneof![4 => Just("all"), 1 => Just("28d"), 1 => Just("7d")],
        prop::option::weighted(0.7, 1i64..7),
        prop::option::weighted(0.15, 0i64..60),
        prop::option::weighted(0.15, 0i64..60),
        prop_oneof![4 => Just(Declares::Nothing), 1 => Just(Declares::Key), 1 => Just(Declares::NoKey)],
        prop::bool::weighted(0.3),
    );
    (what, how).prop_map(
        |(
            (shape, operation, column, common, own, groups),
            (time_frame, ranges, start, finish, declares, approximate),
        )| Draft {
            shape,
            operation,
            column,
            common,
            own,
            groups,
            time_frame,
            ranges,
            start,
            finish,
            declares,
            approximate,
        },
    )
}

impl Draft {
    /// The metric over tables that there are.
    pub fn metric(&self, number: usize, tables: &[Table], shapes: &[Shape], common: &[Condition]) -> Metric {
        let from = shapes[self.shape % shapes.len()].from(tables);
        let key = tables[from.aliases[0].1].key;
        let column = self.column(&from);
        let bounds = self.bounds(&from, tables, column.as_ref());
        let mut conditions = self.conditions(&from, tables.len(), common);
        let groups = self.groups(&from);
        let by = if groups.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", groups.join(", "))
        };
        let mut options = json!({
            "operation": self.operation,
            "relation": format!("{}{}{by}", from.sql, filter(&conditions)),
        });
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                options[name] = value;
            }
        };
        set(
            "column",
            column.as_ref().map(|(alias, name)| json!(format!("{alias}.{name}"))),
        );
        set("batch_size", self.batch_size(&from, tables, column.as_ref()));
        set("primary_key", self.declared_key(key, bounds.is_some()));
        set(
            "consistency",
            (CONSISTENCY && self.approximate).then(|| json!("approximate")),
        );
        if let Some(bounds) = &bounds {
            set("start", bounds.start.map(Value::from));
            set("finish", bounds.finish.map(Value::from));
            conditions.extend(bounds.conditions());
        }
        if let Some(window) = self.window(&from) {
            set(
                "timestamp_column",
                Some(json!(format!("{}.created_at", from.aliases[0].0))),
            );
            conditions.push(window);
        }
        let keys: String = groups.iter().map(|key| format!("{key}, ")).collect();
        let call = self.call(&from, key, column.as_ref());
        Metric {
            key_path: format!("counts.m{number:02}"),
            time_frame: self.time_frame,
            options,
            sql: format!("SELECT {keys}{call} FROM {}{}{by}", from.sql, filter(&conditions)),
            is_estimate: self.is_estimate(),
        }
    }

    fn is_estimate(&self) -> bool {
        self.operation == "estimate_batch_distinct_count"
    }

    fn column(&self, from: &From) -> Option<(String, &'static str)> {
        let names: &[&'static str] = match self.operation {
            "count" => &["a", "txt", "flag", "num", "ref", "n"],
            "distinct_count" => &["a", "big", "txt", "ref", "code", "n", "num"],
            "estimate_batch_distinct_count" => &["a", "big", "txt", "ref", "code", "n"],
            _ => &["a", "big", "num", "dbl", "n"],
        };
        let (alias, column) = match self.column {
            None if self.operation == "count" => return None,
            chosen => chosen.unwrap_or_default(),
        };
        let (alias, _) = &from.aliases[alias % from.aliases.len()];
        Some((alias.clone(), names[column % names.len()]))
    }

    fn conditions(&self, from: &From, tables: usize, common: &[Condition]) -> Vec<String> {
        let names: Vec<String> = from.aliases.iter().map(|(alias, _)| alias.clone()).collect();
        let chosen = common.iter().zip(&self.common).filter(|(_, chosen)| **chosen);
        chosen
            .map(|(condition, _)| condition)
            .chain(&self.own)
            .map(|condition| condition.sql(&names, tables))
            .collect()
    }

    fn groups(&self, from: &From) -> Vec<String> {
        let of_alias = |(alias, column): &(usize, usize)| {
            let (alias, _) = &from.aliases[alias % from.aliases.len()];
            match column % 4 {
                0 => format!("{alias}.a"),
                1 => format!("{alias}.txt"),
                2 => format!("{alias}.flag"),
                _ => format!("{alias}.n % 4"),
            }
        };
        let mut groups: Vec<String> = self.groups.iter().map(of_alias).collect();
        groups.dedup();
        // What is merged by sketches has no groups.
        if self.is_estimate() { Vec::new() } else { groups }
    }

    /// The ends, of the integer that ranges run over; nothing where they run over something else.
    fn bounds(&self, from: &From, tables: &[Table], column: Option<&(String, &'static str)>) -> Option<Bounds> {
        if self.start.is_none() && self.finish.is_none() {
            return None;
        }
        let (main, table) = &from.aliases[0];
        let rows = tables[*table].rows;
        let (over, first, span) = match (self.operation, column) {
            ("distinct_count", Some((alias, name))) if is_integer(name) => {
                let (first, span) = spread(name, rows);
                (format!("{alias}.{name}"), first, span)
            }
            ("distinct_count", _) => return None,
            _ => {
                let step = tables[*table].key.step()?;
                (format!("{main}.id"), tables[*table].key.first_id(rows), rows * step)
            }
        };
        let percent = |percent: i64| first + span * percent / 100;
        Some(Bounds {
            over,
            start: self.start.map(percent),
            finish: self
                .finish
                .map(|finish| percent(self.start.unwrap_or_default() + finish)),
        })
    }

    fn batch_size(&self, from: &From, tables: &[Table], column: Option<&(String, &'static str)>) -> Option<Value> {
        let table = &tables[from.aliases[0].1];
        let rows = table.rows.max(1);
        let span = match (self.operation, column) {
            ("distinct_count", Some((_, name))) if is_integer(name) => spread(name, rows).1,
            _ => rows * table.key.step().unwrap_or(1),
        };
        self.ranges.map(|ranges| json!((span / ranges).max(1)))
    }

    fn declared_key(&self, key: Key, is_bounded: bool) -> Option<Value> {
        match self.declares {
            Declares::Nothing => None,
            Declares::Key => Some(json!(key.columns())),
            // A definition that says so, of a table that has one: rows are counted all the same.
            Declares::NoKey => (!is_bounded).then(|| json!([])),
        }
    }

    fn window(&self, from: &From) -> Option<String> {
        let days = match self.time_frame {
            "28d" => 28,
            "7d" => 7,
            _ => return None,
        };
        let moment = |days: i64| (now() - TimeDelta::days(days)).format("%Y-%m-%d %H:%M:%S").to_string();
        let column = format!("{}.created_at", from.aliases[0].0);
        Some(format!(
            "{column} >= '{}' AND {column} <= '{}'",
            moment(days + 2),
            moment(2)
        ))
    }

    fn call(&self, from: &From, key: Key, column: Option<&(String, &'static str)>) -> String {
        let Some((alias, name)) = column else {
            let rows_are_counted = !key.has_id() || self.declares == Declares::NoKey && !self.has_bounds(key);
            return match rows_are_counted {
                true => "count(*)".to_owned(),
                false => format!("count({}.id)", from.aliases[0].0),
            };
        };
        let column = format!("{alias}.{name}");
        match self.operation {
            "count" => format!("count({column})"),
            "sum" => format!("coalesce(sum({column}), 0)"),
            "average" => format!("avg({column})"),
            _ => format!("count(DISTINCT {column})"),
        }
    }

    fn has_bounds(&self, key: Key) -> bool {
        key.step().is_some() && (self.start.is_some() || self.finish.is_some())
    }
}

fn filter(conditions: &[String]) -> String {
    if conditions.is_empty() {
        return String::new();
    }
    let conditions: Vec<String> = conditions.iter().map(|condition| format!("({condition})")).collect();
    format!(" WHERE {}", conditions.join(" AND "))
}
