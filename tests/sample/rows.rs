//! The rows of a sample: repeatable, spread over the years, and as many as promised.

use chrono::Duration;
use proptest::prelude::*;
use service_ping::sample::{Cell, ColumnType, Filling, Generator, SampleError, create, tables};
use sqlx::Connection;

use crate::{Sample, now, number};

/// All rows of all tables of a file, as text.
async fn contents(sample: &Sample) -> Vec<String> {
    let mut connection = sample.connect().await;
    let mut contents = Vec::new();
    for table in tables() {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("quote(\"{}\")", column.name))
            .collect();
        let sql = format!(
            "SELECT '{0}' || ':' || {1} FROM \"{0}\"",
            table.name,
            columns.join(" || ',' || ")
        );
        contents.extend(
            sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .unwrap(),
        );
    }
    connection.close().await.unwrap();
    contents
}

#[tokio::test]
async fn the_same_instant_and_scale_give_the_same_rows() {
    let (one, _) = Sample::new(now(), 0.02).await;
    let (two, _) = Sample::new(now(), 0.02).await;
    let first = contents(&one).await;
    assert!(first.len() > 5_000, "{}", first.len());
    assert_eq!(first, contents(&two).await);

    let (later, _) = Sample::new(now() + Duration::days(1), 0.02).await;
    let moved = contents(&later).await;
    assert_eq!(first.len(), moved.len());
    assert_ne!(first, moved);
}

#[tokio::test]
async fn the_summary_counts_what_was_written() {
    let (sample, summary) = Sample::new(now(), 0.05).await;
    let mut connection = sample.connect().await;
    assert_eq!(summary.tables.len(), tables().count());
    assert_eq!(summary.rows, summary.tables.iter().map(|(_, rows)| rows).sum::<u64>());
    for (table, rows) in &summary.tables {
        let counted = number(&mut connection, format!("SELECT COUNT(*) FROM \"{table}\"")).await;
        assert_eq!(counted, Some(*rows as f64), "{table}");
    }
    assert_eq!(
        summary.tables.iter().find(|(table, _)| table == "issues").unwrap().1,
        2_250
    );
}

#[test]
fn scale_one_is_a_few_hundred_thousand_rows() {
    let filling = Filling::new(now(), 1.0).unwrap();
    let rows: u64 = tables().map(|table| filling.rows(table.name)).sum();
    assert!((300_000..700_000).contains(&rows), "{rows}");
}

#[tokio::test]
async fn time_windows_hold_rows_and_history_goes_back_years() {
    let (sample, _) = Sample::new(now(), 0.2).await;
    let mut connection = sample.connect().await;
    for table in [
        "issues",
        "merge_requests",
        "projects",
        "p_ci_builds",
        "deployments",
        "packages_packages",
        "users",
    ] {
        let mut rows = Vec::new();
        for (from, to) in [(9, 2), (30, 2), (365, 2), (1_095, 0)] {
            let sql = format!(
                "SELECT COUNT(*) FROM {table} WHERE created_at BETWEEN '{}' AND '{}'",
                (now() - Duration::days(from)).format("%Y-%m-%d %H:%M:%S%.6f"),
                (now() - Duration::days(to)).format("%Y-%m-%d %H:%M:%S%.6f"),
            );
            rows.push(number(&mut connection, sql).await.unwrap());
        }
        assert!(
            rows[0] > 0.0 && rows.is_sorted_by(|one, two| one < two),
            "{table}: {rows:?}"
        );
        let all = number(&mut connection, format!("SELECT COUNT(*) FROM {table}"))
            .await
            .unwrap();
        assert_eq!(rows[3], all, "{table}: every row lies in the last three years");
    }
}

#[tokio::test]
async fn a_few_projects_are_large_and_most_are_small() {
    let (sample, _) = Sample::new(now(), 0.2).await;
    let mut connection = sample.connect().await;
    let sizes = "SELECT COUNT(*) AS size FROM issues WHERE project_id IS NOT NULL GROUP BY project_id";
    let largest = number(&mut connection, format!("SELECT MAX(size) FROM ({sizes})"))
        .await
        .unwrap();
    let usual = number(
        &mut connection,
        format!("SELECT size FROM ({sizes}) ORDER BY size LIMIT 1 OFFSET 300"),
    )
    .await;
    assert!(largest > 40.0 * usual.unwrap(), "{largest} {usual:?}");
}

#[tokio::test]
async fn nothing_is_overwritten_and_bad_scales_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious.db");
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(create(&path, now(), 0.01).await, Err(SampleError::Exists(found)) if found == path));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");

    for scale in [0.0, -1.0, 1_000.1, f64::NAN, f64::INFINITY] {
        let path = folder.path().join("none.db");
        assert!(
            matches!(create(&path, now(), scale).await, Err(SampleError::Scale(_))),
            "{scale}"
        );
        assert!(!path.exists());
    }
    let nowhere = folder.path().join("missing").join("sample.db");
    let error = create(&nowhere, now(), 0.01).await.unwrap_err();
    assert!(error.to_string().contains("opening the file"), "{error}");
}

/// Tables that a generator takes ids from.
fn parents(generator: &Generator) -> Vec<&'static str> {
    match generator {
        Generator::Pick(table, _) | Generator::Each(table) | Generator::Spread(table) | Generator::Scatter(table) => {
            vec![table]
        }
        Generator::OneOf(_, arms) => arms.iter().flat_map(|(_, arm)| parents(arm)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn ids_name_rows_that_exist() {
    let filling = Filling::new(now(), 0.01).unwrap();
    for table in tables() {
        for (place, column) in table.columns.iter().enumerate() {
            for parent in parents(&column.generator) {
                assert!(
                    tables().any(|other| other.name == parent),
                    "{}.{}: {parent}",
                    table.name,
                    column.name
                );
            }
            let Some(most) = parents(&column.generator)
                .iter()
                .map(|parent| filling.rows(parent))
                .max()
            else {
                continue;
            };
            for row in filling.table(table) {
                let valid = match row[place] {
                    Cell::Null => true,
                    Cell::Integer(id) => (1..=most as i64).contains(&id),
                    _ => false,
                };
                assert!(valid, "{}.{}: {:?}", table.name, column.name, row[place]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Keys are unique, cells fit their columns, and no time lies after now, whatever the instant and scale.
    #[test]
    fn rows_fit_their_tables(seconds in -30_000_000_000_i64..200_000_000_000, scale in 0.0005_f64..0.03) {
        let now = chrono::DateTime::from_timestamp(seconds, 123_456_789).unwrap();
        let filling = Filling::new(now, scale).unwrap();
        for table in tables() {
            let mut keys = std::collections::BTreeSet::new();
            for row in filling.table(table) {
                prop_assert_eq!(row.len(), table.columns.len());
                let mut key = Vec::new();
                for (column, cell) in table.columns.iter().zip(&row) {
                    check_cell(table.name, column.name, column.kind, cell, &now.format("%Y-%m-%d %H:%M:%S%.6f").to_string())?;
                    if table.primary_key.contains(&column.name) {
                        key.push(format!("{cell:?}"));
                    }
                }
                prop_assert!(keys.insert(key), "{}: {row:?}", table.name);
            }
        }
    }
}

fn check_cell(table: &str, column: &str, kind: ColumnType, cell: &Cell, now: &str) -> Result<(), TestCaseError> {
    let fits = match (kind, cell) {
        (_, Cell::Null) => true,
        (ColumnType::SmallInt, Cell::Integer(value)) => i16::try_from(*value).is_ok(),
        (ColumnType::Integer, Cell::Integer(value)) => i32::try_from(*value).is_ok(),
        (ColumnType::BigInt, Cell::Integer(_)) | (ColumnType::Boolean, Cell::Boolean(_)) => true,
        (ColumnType::Text, Cell::Text(text)) => !text.is_empty(),
        // Only expiry dates lie ahead.
        (ColumnType::Date, Cell::Text(text)) => {
            text.len() == 10 && (column.contains("expires") || text.as_str() <= now)
        }
        (ColumnType::Timestamp | ColumnType::TimestampTz, Cell::Text(text)) => text.len() == 26 && text.as_str() <= now,
        _ => false,
    };
    prop_assert!(fits, "{table}.{column}: {cell:?} at {now}");
    Ok(())
}
