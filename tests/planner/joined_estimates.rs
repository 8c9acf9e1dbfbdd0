//! Estimates of a column that a joined table has: they are read by the key of the table that is counted.

use serde_json::json;

use super::answers::psqls;
use super::collected::{Definitions, Reader, strategies};
use crate::oracle;
use crate::support::postgres::Postgres;

/// The counted table has a text for its key, the joined one an integer of the same name.
const TABLES: [&str; 4] = [
    "CREATE TABLE counted (id text PRIMARY KEY, code integer, created_at timestamptz)",
    "INSERT INTO counted SELECT 'k' || i, i, timestamptz '2026-10-14' + i * interval '37 minutes'
     FROM generate_series(1, 1956) i",
    "CREATE TABLE joined (id integer PRIMARY KEY, ref integer)",
    "INSERT INTO joined SELECT i, i / 2 FROM generate_series(1, 3000) i",
];
const RELATION: &str = "counted LEFT JOIN joined ON joined.ref = counted.code AND counted.code % 3 > 0";

#[test]
fn are_read_by_the_key_of_the_counted_table() {
    let database = Postgres::shared().database();
    database.execute(&TABLES.map(str::to_owned));
    let window = "counted.created_at >= '2026-10-20 10:54:30' AND counted.created_at <= '2026-11-17 10:54:30'";
    let sql = format!("SELECT count(DISTINCT joined.ref) FROM {RELATION} WHERE {window}");
    let rows = psqls(&database, [sql.as_str()]).remove(0);
    let options = json!({
        "operation": "estimate_batch_distinct_count", "relation": RELATION, "column": "joined.ref",
        "batch_size": 489, "timestamp_column": "counted.created_at",
    });
    let definitions = Definitions::of([("counts.refs", "28d", &options)]);
    for strategy in strategies() {
        let collected = definitions.collect(&Reader::new(&database.reader_url()), strategy);
        let value = collected
            .value("counts.refs")
            .unwrap_or_else(|failure| panic!("{failure}"));
        let bound = collected.outcome("counts.refs").error_bound.unwrap_or_default();
        let wrong = oracle::mismatch(value, &rows, bound);
        assert!(wrong.is_none(), "{strategy:?}: {wrong:?}");
    }
}
