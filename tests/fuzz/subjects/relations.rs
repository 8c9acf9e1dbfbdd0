use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;
use service_ping::relation::{
    Aggregate, Column, Dialect, Operation, Query, Relation, RelationError, SharedRelation, Window,
};
use sqlparser::ast::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// What may follow FROM, and queries of one value: refused with a place in the text, or rendered as one query.
pub fn relations(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Query::parse(&text) {
        Ok(query) => {
            let parameters = parameters(query.placeholders());
            if let Ok(sql) = query
                .bind(&parameters, DateTime::UNIX_EPOCH)
                .and_then(|query| query.render(Dialect::Postgres))
            {
                is_one_query(&sql);
            }
        }
        Err(error) => points_into(&text, &error),
    }
    match Relation::parse(&text) {
        Ok(relation) => rendered(&relation),
        Err(error) => points_into(&text, &error),
    }
}

fn points_into(text: &str, error: &RelationError) {
    assert!(!error.message.is_empty());
    if let Some(span) = &error.span {
        assert!(
            span.start <= span.end && span.end <= text.len(),
            "{error:?} in {text:?}"
        );
        assert!(
            text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
            "{error:?} in {text:?}"
        );
    }
}

fn rendered(relation: &Relation) {
    let parameters = parameters(relation.placeholders());
    let Ok(relation) = relation.bind(&parameters, DateTime::UNIX_EPOCH) else {
        return;
    };
    let column = Column {
        table: relation.main_alias().to_owned(),
        name: "id".to_owned(),
    };
    let window = Window {
        from: DateTime::UNIX_EPOCH,
        to: DateTime::UNIX_EPOCH,
    };
    for relation in [relation.clone(), relation.within(&column, &window), relation.base()] {
        for operation in [
            Operation::Count,
            Operation::DistinctCount,
            Operation::Sum,
            Operation::Average,
        ] {
            if let Ok(sql) = relation.statement(Dialect::Postgres, operation, Some(&column)) {
                is_one_query(&sql);
            }
            let _ = relation.statement(Dialect::Sqlite, operation, Some(&column));
        }
    }
    shared(&[&relation, &relation.within(&column, &window), &relation.base()]);
}

/// Whoever shares a statement, it is one query.
fn shared(relations: &[&Relation]) {
    for group in SharedRelation::groups(relations, &|_, _| true) {
        let group: Vec<&Relation> = group.iter().map(|index| relations[*index]).collect();
        let shared = SharedRelation::of(&group, &|_, _| true).expect("a group is shared");
        let asked = vec![vec![Aggregate::CountRows]; group.len()];
        if let Ok(statement) = shared.select(Dialect::Postgres, &asked, None) {
            is_one_query(&statement.sql);
        }
        let _ = shared.select(Dialect::Sqlite, &asked, None);
    }
}

fn parameters(names: Vec<String>) -> BTreeMap<String, Value> {
    names
        .into_iter()
        .map(|name| (name, Value::from("it's; -- \\ \u{0}1")))
        .collect()
}

/// Whatever was written, the server gets one query: nothing closes it and begins another.
fn is_one_query(sql: &str) {
    let parsed = Parser::parse_sql(&PostgreSqlDialect {}, sql);
    // What is deeper than the parser's limit is the server's to refuse.
    let Ok(statements) = parsed else { return };
    assert!(matches!(statements.as_slice(), [Statement::Query(_)]), "{sql}");
}
