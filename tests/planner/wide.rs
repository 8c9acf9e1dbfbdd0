//! Tables of so many blocks that ranges of blocks are several, which random tables are too small for.

use serde_json::{Value, json};

use super::answers::psqls;
use super::collected::{Definitions, Reader, strategies};
use crate::oracle;
use crate::support::postgres::Postgres;

/// Rows of about two kilobytes: some twenty MiB, with holes; a range is 16.
const ROWS: u32 = 10_000;

fn table(name: &str, key: &str, value: &str) -> [String; 4] {
    [
        format!("CREATE TABLE {name} ({key}g integer, x integer, filler text)"),
        // STORAGE in CREATE TABLE is newer than the oldest server.
        format!("ALTER TABLE {name} ALTER COLUMN filler SET STORAGE PLAIN"),
        format!(
            "INSERT INTO {name} SELECT {value} nullif(i % 4, 0), CASE WHEN i % 9 > 0 THEN i % 1000 END,
             repeat('x', 1900) FROM generate_series(1, {ROWS}) i"
        ),
        format!("DELETE FROM {name} WHERE x % 7 = 0 OR x BETWEEN 500 AND 520"),
    ]
}

/// Each operation over two filters, alone and in groups; with the SQL that says what its value is.
fn metrics(table: &str) -> Vec<(String, Value, String)> {
    let operations = [
        ("count", "count(x)"),
        ("sum", "coalesce(sum(x), 0)"),
        ("average", "avg(x)"),
        ("distinct_count", "count(DISTINCT x)"),
    ];
    let mut metrics = Vec::new();
    for (operation, call) in operations {
        for (number, filter) in ["g > 1", "x > 400 OR g IS NULL"].iter().enumerate() {
            for (by, keys) in [("", ""), (" GROUP BY g", "g, ")] {
                let relation = format!("{table} WHERE ({filter}){by}");
                let sql = format!("SELECT {keys}{call} FROM {relation}");
                let options = json!({"operation": operation, "column": "x", "relation": relation});
                metrics.push((format!("{table}.{operation}{number}{}", by.len()), options, sql));
            }
        }
    }
    metrics
}

#[test]
fn ranges_of_blocks_hold_each_row_once() {
    let database = Postgres::shared().database();
    let tables = [
        table("keyless", "", ""),
        table("keyed", "id integer PRIMARY KEY, ", "i,"),
        table("scattered", "id uuid PRIMARY KEY, ", "md5(i::text)::uuid,"),
    ];
    database.execute(&[&tables.concat()[..], &["ANALYZE".to_owned()]].concat());
    let metrics: Vec<_> = ["keyless", "keyed", "scattered"]
        .into_iter()
        .flat_map(metrics)
        .collect();
    let answers = psqls(&database, metrics.iter().map(|(_, _, sql)| sql.as_str()));
    let definitions = Definitions::of(metrics.iter().map(|(key, options, _)| (key.as_str(), "all", options)));
    for strategy in strategies() {
        let reader = Reader {
            connections: 2,
            ..Reader::new(&database.reader_url())
        };
        let collected = definitions.collect(&reader, strategy);
        for ((key_path, _, sql), rows) in metrics.iter().zip(&answers) {
            let value = collected.value(key_path).unwrap_or_else(|failure| panic!("{failure}"));
            let wrong = oracle::mismatch(value, rows, 0.0);
            assert!(wrong.is_none(), "{strategy:?} {sql}: {wrong:?}");
        }
    }
}
