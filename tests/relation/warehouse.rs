//! Real metric queries of a warehouse, read from beside the checkout: what follows FROM is a relation.

use regex::Regex;
use serde_json::Value;
use service_ping::relation::{Dialect, Operation, Relation, RelationError};

use crate::data::compat_data;

/// At least so many of a hundred parse.
const ENOUGH: usize = 95;

#[test]
fn what_follows_from_in_real_queries_is_a_relation() {
    let Some(path) = compat_data("gitlab/analytics/metric_queries_sample.json") else {
        return;
    };
    let queries: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut refused = Vec::new();
    for query in &queries {
        let text = after_from(query["counter_query"].as_str().unwrap());
        match rendered(&text) {
            Ok(statement) => assert!(statement.contains(" FROM "), "{statement}"),
            Err(error) => refused.push((text, error)),
        }
    }
    assert!(queries.len() >= 169);
    let parsed = queries.len() - refused.len();
    assert!(
        parsed * 100 >= queries.len() * ENOUGH,
        "only {parsed} parse: {refused:#?}"
    );
    for (text, error) in &refused {
        assert!(error.span.is_some() && error.help.is_some(), "{text}: {error:?}");
    }
}

/// What follows the first FROM, with tables called as the application calls them.
fn after_from(query: &str) -> String {
    let tail = query.split_once(" FROM ").unwrap().1;
    let prefix = Regex::new(r"\b(?:prep\.gitlab_dotcom|prod\.\w+)\.(?:gitlab_dotcom_)?").unwrap();
    let suffix = Regex::new(r"_dedupe_source\b").unwrap();
    suffix.replace_all(&prefix.replace_all(tail, ""), "").into_owned()
}

fn rendered(text: &str) -> Result<String, RelationError> {
    let relation = Relation::parse(text)?;
    relation
        .bind(&Default::default(), chrono::Utc::now())?
        .statement(Dialect::Postgres, Operation::Count, None)
}

#[test]
fn a_group_by_the_first_place_is_one_group() {
    let relation = Relation::parse("users WHERE admin GROUP BY 1").unwrap();
    assert!(relation.groups_by_place());
    assert_eq!(
        relation.statement(Dialect::Postgres, Operation::Count, None).unwrap(),
        r#"SELECT 1, COUNT(*) FROM "users" WHERE "users"."admin" GROUP BY 1"#
    );
    assert!(!Relation::parse("users GROUP BY admin").unwrap().groups_by_place());
}
