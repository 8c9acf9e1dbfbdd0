//! The shipped metrics on the sample: each says something.

use sqlx::{Row, SqliteConnection};

use crate::statements::{Shape, Statement, statements};
use crate::{Sample, now};

/// The last column of every row, as a number where it is one.
async fn values(connection: &mut SqliteConnection, statement: &Statement) -> Vec<Option<f64>> {
    let sql = match statement.shape {
        Shape::Value => format!("SELECT LENGTH(({}))", statement.sql),
        _ => statement.sql.clone(),
    };
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{}: {error}\n{}", statement.key, statement.sql));
    let number = |row: &sqlx::sqlite::SqliteRow| {
        row.try_get::<Option<f64>, _>(0)
            .unwrap_or_else(|_| row.get::<Option<i64>, _>(0).map(|value| value as f64))
    };
    rows.iter().map(number).collect()
}

#[tokio::test]
async fn every_database_metric_says_something_on_the_sample() {
    let (sample, _) = Sample::new(now(), 1.0).await;
    let mut connection = sample.connect().await;
    let statements = statements(now());
    assert!(statements.len() >= 300, "{}", statements.len());
    let mut silent = Vec::new();
    for statement in &statements {
        let values = values(&mut connection, statement).await;
        let least = match statement.shape {
            Shape::Scalar | Shape::Value => 1,
            Shape::Groups => 2,
            Shape::Histogram => 3,
        };
        let speaks = values.len() >= least && values.iter().all(|value| value.is_some_and(|value| value > 0.0));
        if !speaks {
            silent.push(format!("{}: {values:?} from {}", statement.key, statement.sql));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
