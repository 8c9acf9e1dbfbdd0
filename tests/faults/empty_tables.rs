//! Tables without rows, which are counted without reading them.

use serde_json::json;

use super::instance::Instance;
use super::statement_faults::SCHEMA;
use crate::support::postgres::Postgres;

/// Over an empty table there is no range to count, and yet a statement that could not run is no 0.
#[test]
fn an_empty_table_does_not_hide_a_broken_relation() {
    let database = Postgres::shared().database();
    database.psql(SCHEMA);
    database.psql("CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint, title text)");
    let instance = Instance::new(&database.reader_tcp_url(), "");
    let of = |operation: &str, relation: &str, column: &str| json!({"operation": operation, "relation": relation, "column": column});
    instance.count("counts.empty", "notes");
    instance.count("counts.column", "notes WHERE no_such_column = 1");
    instance.count("counts.joined", "notes JOIN gone ON gone.id = notes.user_id");
    instance.count("counts.right", "notes JOIN secrets ON secrets.id = notes.user_id");
    instance.database_metric("counts.text", of("sum", "notes WHERE title = 'x'", "notes.title"));
    instance.database_metric(
        "counts.estimate",
        of("estimate_batch_distinct_count", "notes WHERE gone = 1", "user_id"),
    );
    instance.database_metric(
        "counts.distinct",
        of("distinct_count", "notes WHERE gone = 1", "user_id"),
    );
    let mut beyond = json!({"operation": "count", "relation": "users WHERE no_such_column = 1"});
    beyond["start"] = json!(1_000_000);
    instance.database_metric("counts.beyond", beyond);
    let report = instance.run(0);
    report.assert_value("counts.empty", &json!(0));
    for key_path in ["counts.column", "counts.estimate", "counts.distinct", "counts.beyond"] {
        report.assert_fallback(key_path, "missing_column", &json!(-1));
    }
    report.assert_fallback("counts.joined", "missing_table", &json!(-1));
    report.assert_fallback("counts.right", "permission_denied", &json!(-1));
    report.assert_fallback("counts.text", "wrong_type", &json!(-2));
}
