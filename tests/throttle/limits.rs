//! `max_groups`: how many groups a grouped metric may have.

use serde_json::json;

use crate::held::{Held, ended};
use crate::support::postgres::Postgres;

#[test]
fn a_metric_of_more_groups_falls_back() {
    let database = Postgres::shared().database();
    let held = Held::new(&database, "max_groups = 3\n");
    for (name, groups) in [("three", 3), ("four", 4)] {
        held.instance.definition(
            &format!("counts.{name}"),
            "DatabaseMetric",
            json!({"operation": "count", "relation": format!("users GROUP BY users.id % {groups}"), "batch_size": 25}),
            json!({"value_type": "object"}),
        );
    }
    let report = ended(held.start(&[]), 0);
    report.assert_value("counts.three", &json!({"0": 33, "1": 34, "2": 33}));
    report.assert_fallback("counts.four", "too_many_groups", &json!(-1));
    let outcome = report.outcome("counts.four");
    assert_eq!(outcome["message"], "the result has more than 3 groups");
    assert!(
        outcome["advice"]
            .as_str()
            .is_some_and(|advice| advice.contains("max_groups"))
    );
}
