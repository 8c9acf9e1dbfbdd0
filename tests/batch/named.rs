//! The binary over definitions of a folder: named databases, time frames, and the statements it shows.

use serde_json::{Value, json};

use crate::engine::{Instance, Sqlite};
use crate::support::cli::Cli;

const METRIC: &str = "description: A test\nproduct_group: tests\nstatus: active\nmilestone: \"1.0\"\n\
                      data_source: database\ndata_category: optional\ninstrumentation_class: DatabaseMetric\n";

fn metric(key: &str, time_frame: &str, value_type: &str, options: &Value) -> String {
    format!("key_path: {key}\nvalue_type: {value_type}\ntime_frame: {time_frame}\n{METRIC}options: {options}\n")
}

#[test]
fn each_database_by_its_name_and_each_frame_by_its_suffix() {
    let table = "CREATE TABLE t (id integer PRIMARY KEY, created_at timestamp)";
    let main = Sqlite::with(&[
        table,
        "INSERT INTO t VALUES (1, '2026-11-15 00:00:00'), (2, '2026-10-30 00:00:00'), (3, '2020-01-01 00:00:00')",
    ]);
    let ci = Sqlite::with(&[table, "INSERT INTO t VALUES (1, '2026-11-15 00:00:00'), (9, NULL)"]);
    let cli = Cli::new()
        .env("SERVICE_PING__DATABASE__MAIN__URL", &main.url())
        .env("SERVICE_PING__DATABASE__CI__URL", &ci.url());
    let count = json!({"operation": "count", "relation": "t", "batch_size": 1});
    let of_ci = json!({"operation": "count", "relation": "t", "database": "ci"});
    let elsewhere = json!({"operation": "count", "relation": "t", "database": "nowhere"});
    cli.write(
        "metrics/counts_all/main.yml",
        &metric("counts.main", "[7d, 28d, all]", "number", &count),
    );
    cli.write(
        "metrics/counts_all/ci.yml",
        &metric("counts.ci", "all", "number", &of_ci),
    );
    cli.write(
        "metrics/counts_all/nowhere.yml",
        &metric("counts.nowhere", "all", "number", &elsewhere),
    );

    let now = ["--now", "2026-11-19T10:54:30Z"];
    let outcome = cli
        .run(&[&["generate", "--format", "json"], &now[..]].concat())
        .expect_code(0);
    let payload: Value = serde_json::from_str(&outcome.stdout).expect("the payload is JSON");
    assert_eq!(
        payload["counts"],
        json!({"main": 3, "main_weekly": 1, "main_monthly": 2, "ci": 2, "nowhere": -1})
    );

    let arguments = ["metric", "counts.main", "--format", "json"];
    let outcome = cli.run(&[&arguments, &now[..]].concat()).expect_code(0);
    let shown: Value = serde_json::from_str(&outcome.stdout).expect("the outcome is JSON");
    assert_eq!(shown["value"], json!(3));
    let sent: Vec<&str> = shown["sent"]
        .as_array()
        .expect("a list of statements")
        .iter()
        .filter_map(|statement| statement["sql"].as_str())
        .filter(|sql| sql.starts_with("SELECT COUNT"))
        .collect();
    assert_eq!(
        sent,
        [
            r#"SELECT COUNT("t"."id") FROM "t" WHERE "t"."id" >= 1 AND "t"."id" < 2"#,
            r#"SELECT COUNT("t"."id") FROM "t" WHERE "t"."id" >= 2 AND "t"."id" < 3"#,
            r#"SELECT COUNT("t"."id") FROM "t" WHERE "t"."id" >= 3 AND "t"."id" < 4"#,
        ]
    );
}
