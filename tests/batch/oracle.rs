//! Plain SQL, run by somebody else than the engine, and what a payload's value must be for its answer.

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row as _, SqliteConnection, TypeInfo, ValueRef};
use std::path::Path;

/// The rows of an answer, each cell as text, NULL as `""`.
pub type Rows = Vec<Vec<String>>;

/// How far a number may lie from the oracle's, relative to it: what is left after two ways of rounding.
const ROUNDING: f64 = 1e-9;

/// The rows that psql printed.
pub fn split(printed: &str) -> Rows {
    printed
        .lines()
        .map(|line| line.split('|').map(str::to_owned).collect())
        .collect()
}

/// What SQLite gives for a statement, asked through sqlx alone.
pub fn sqlite(path: &Path, sql: &str) -> Rows {
    crate::block_on(async {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        connection.close().await.expect("the file closes");
        rows.iter()
            .map(|row| (0..row.len()).map(|index| cell(row, index)).collect())
            .collect()
    })
}

fn cell(row: &sqlx::sqlite::SqliteRow, index: usize) -> String {
    let value = row.try_get_raw(index).expect("the cell is there");
    if value.is_null() {
        return String::new();
    }
    match value.type_info().name() {
        "INTEGER" => row.get_unchecked::<i64, _>(index).to_string(),
        "REAL" => row.get_unchecked::<f64, _>(index).to_string(),
        _ => row.get_unchecked::<String, _>(index),
    }
}

/// What is wrong with `value` for these rows; the last cell of a row is the number, those before it are group keys.
/// `within` is the relative error that an estimate may have, 0 for everything else.
pub fn mismatch(value: &Value, rows: &Rows, within: f64) -> Option<String> {
    let wrong = match value {
        Value::Object(groups) => {
            let expected: Vec<(String, &str)> = rows.iter().map(|row| entry(row)).collect();
            let same = expected.len() == groups.len()
                && expected
                    .iter()
                    .all(|(key, text)| groups.get(key).is_some_and(|value| is(value, text, within)));
            !same
        }
        scalar => match rows.as_slice() {
            [] => !is(scalar, "", within),
            [row] if row.len() == 1 => !is(scalar, &row[0], within),
            _ => true,
        },
    };
    wrong.then(|| format!("{value} is not what plain SQL gives: {rows:?}"))
}

/// A group's key in a payload, and its number.
fn entry(row: &[String]) -> (String, &str) {
    let (number, keys) = row.split_last().expect("a row has cells");
    let key = match keys {
        [key] => key.clone(),
        keys => format!(
            "[{}]",
            keys.iter().map(|key| element(key)).collect::<Vec<_>>().join(", ")
        ),
    };
    (key, number)
}

fn element(key: &str) -> String {
    match key {
        "" => "null".to_owned(),
        key if key.parse::<i64>().is_ok() => key.to_owned(),
        key => format!("{key:?}"),
    }
}

fn is(value: &Value, text: &str, within: f64) -> bool {
    match value {
        Value::Null => text.is_empty(),
        Value::String(found) => found == text,
        Value::Bool(flag) => matches!((flag, text), (true, "t" | "1" | "true") | (false, "f" | "0" | "false")),
        Value::Number(number) if within == 0.0 && number.is_i64() && text.parse::<i64>().is_ok() => {
            number.as_i64() == text.parse().ok()
        }
        Value::Number(number) => {
            let (Some(found), Ok(exact)) = (number.as_f64(), text.parse::<f64>()) else {
                return false;
            };
            (found - exact).abs() <= exact.abs() * within.max(ROUNDING)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The oracle must be able to say no.
    #[test]
    fn a_wrong_value_is_seen() {
        let rows = split("1|10\n|20");
        assert_eq!(mismatch(&json!({"1": 10, "": 20}), &rows, 0.0), None);
        for wrong in [
            json!({"1": 10}),
            json!({"1": 10, "": 21}),
            json!({"1": 10, "2": 20}),
            json!({"1": 10, "": 20, "3": 0}),
            json!(30),
        ] {
            assert!(mismatch(&wrong, &rows, 0.0).is_some(), "{wrong}");
        }
        let one = split("10000000");
        assert_eq!(mismatch(&json!(10_000_000), &one, 0.0), None);
        assert!(mismatch(&json!(10_000_001), &one, 0.0).is_some());
        assert_eq!(mismatch(&json!(10_100_000), &one, 0.02), None);
        assert!(mismatch(&json!(10_300_000), &one, 0.02).is_some());
        assert!(mismatch(&json!(null), &one, 0.0).is_some());
        assert_eq!(mismatch(&json!({}), &split(""), 0.0), None);
    }
}
