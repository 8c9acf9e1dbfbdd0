//! Any small table, any operation, any batch size: the engine's value is plain SQL's.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::engine::{Instance, Sqlite};

#[derive(Debug, Clone)]
struct Row {
    id: Option<i64>,
    group: Option<i64>,
    number: Option<i64>,
    float: Option<i32>,
    text: Option<u8>,
}

/// A declaration of the key, whether it may be NULL, and whether its values must differ.
#[derive(Debug, Clone, Copy)]
struct Key {
    column: &'static str,
    nullable: bool,
    unique: bool,
}

const KEYS: [Key; 5] = [
    Key {
        column: "id INTEGER PRIMARY KEY",
        nullable: false,
        unique: true,
    },
    Key {
        column: "id BIGINT UNIQUE",
        nullable: true,
        unique: true,
    },
    Key {
        column: "id INT PRIMARY KEY",
        nullable: true,
        unique: true,
    },
    Key {
        column: "id INTEGER",
        nullable: true,
        unique: false,
    },
    Key {
        column: "id TEXT PRIMARY KEY NOT NULL",
        nullable: false,
        unique: true,
    },
];

const OPERATIONS: [(&str, &str, &str); 9] = [
    ("count", "id", "count(id)"),
    ("count", "number", "count(number)"),
    ("sum", "number", "coalesce(sum(number), 0)"),
    ("sum", "float", "coalesce(sum(float), 0)"),
    ("average", "number", "avg(number)"),
    ("average", "float", "avg(float)"),
    ("distinct_count", "number", "count(DISTINCT number)"),
    ("distinct_count", "text", "count(DISTINCT text)"),
    ("distinct_count", "id", "count(DISTINCT id)"),
];

const GROUPS: [&str; 3] = ["", " GROUP BY \"group\"", " GROUP BY text, \"group\""];
const FILTERS: [&str; 3] = ["", " WHERE number > 3", " WHERE float IS NULL OR number < 0"];

fn ids() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => -30i64..60,
        1 => any::<i64>(),
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(i64::MAX - 1)],
    ]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::option::weighted(0.8, ids()),
        prop::option::weighted(0.8, 0i64..4),
        prop::option::weighted(
            0.8,
            prop_oneof![4 => -5i64..20, 1 => -1_000_000_000_000i64..1_000_000_000_000],
        ),
        prop::option::weighted(0.8, -1000i32..1000),
        prop::option::weighted(0.8, 0u8..6),
    )
        .prop_map(|(id, group, number, float, text)| Row {
            id,
            group,
            number,
            float,
            text,
        });
    prop::collection::vec(row, 0..40)
}

fn insert(rows: &[Row], key: Key) -> Option<String> {
    let mut seen = std::collections::BTreeSet::new();
    let kept = rows.iter().filter(|row| match row.id {
        None => key.nullable,
        Some(id) => seen.insert(id) || !key.unique,
    });
    let cell = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
    let tuples: Vec<String> = kept
        .map(|row| {
            format!(
                "({}, {}, {}, {}, {})",
                // SQLite reads the lowest integer only as an expression.
                cell(row.id.map(|id| if id == i64::MIN {
                    format!("{} - 1", i64::MIN + 1)
                } else {
                    id.to_string()
                })),
                cell(row.group.map(|group| group.to_string())),
                cell(row.number.map(|number| number.to_string())),
                cell(row.float.map(|float| format!("{:.3}", f64::from(float) / 8.0))),
                cell(row.text.map(|text| format!("'{}'", char::from(b'a' + text)))),
            )
        })
        .collect();
    (!tuples.is_empty()).then(|| format!("INSERT INTO t VALUES {}", tuples.join(", ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_is_plain_sqls(
        rows in rows(),
        key in prop::sample::select(&KEYS[..]),
        indexed in any::<bool>(),
        asked in prop::collection::vec(
            (
                prop::sample::select(&OPERATIONS[..]),
                prop::sample::select(&GROUPS[..]),
                prop::sample::select(&FILTERS[..]),
                prop::option::weighted(0.8, prop_oneof![3 => 1u64..30, 1 => 1u64..1_000_000]),
                prop::option::weighted(0.2, (-20i64..20, 0i64..40)),
            ),
            1..12,
        ),
    ) {
        let table = format!("CREATE TABLE t ({}, \"group\" INTEGER, number INTEGER, float REAL, text TEXT)", key.column);
        let mut statements = vec![table];
        statements.extend(insert(&rows, key));
        if indexed {
            statements.push("CREATE INDEX t_number ON t (number)".to_owned());
        }
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let sqlite = Sqlite::with(&statements);
        for ((operation, column, call), group, filter, size, bounds) in asked {
            let mut options = json!({"relation": format!("t{filter}{group}"), "operation": operation, "column": column});
            if let Some(size) = size {
                options["batch_size"] = json!(size);
            }
            let mut filter = filter.to_owned();
            let bounded = if operation == "distinct_count" { column } else { "id" };
            if let Some((start, width)) = bounds.filter(|_| bounded != "text" && !(bounded == "id" && key.column.contains("TEXT"))) {
                options["start"] = json!(start);
                options["finish"] = json!(start + width);
                let range = format!("{bounded} >= {start} AND {bounded} <= {}", start + width);
                filter = if filter.is_empty() { format!(" WHERE {range}") } else { format!(" WHERE ({}) AND {range}", &filter[7..]) };
            }
            let keys = group.trim_start_matches(" GROUP BY ");
            let keys = if keys.is_empty() { String::new() } else { format!("{keys}, ") };
            let sql = format!("SELECT {keys}{call} FROM t{filter}{group}");
            let value = sqlite.read(&options).value();
            let rows = sqlite.plain(&sql);
            let wrong = crate::oracle::mismatch(&value, &rows, 0.0);
            prop_assert!(wrong.is_none(), "{options}\n{sql}\n{}", wrong.unwrap_or_default());
        }
        let whole: Value = sqlite.read(&json!({"relation": "t", "operation": "count", "primary_key": []})).value();
        prop_assert_eq!(whole.to_string(), sqlite.plain("SELECT count(*) FROM t")[0][0].clone());
    }
}
