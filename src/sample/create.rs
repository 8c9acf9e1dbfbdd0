//! The sample instance as a SQLite file.

use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::{Cell, Filling, Row, SampleError, Table, tables};

/// Rows in one INSERT: past some dozens a larger statement gains nothing.
const BATCH: usize = 64;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    /// Each table and its rows, in the order they were written.
    pub tables: Vec<(String, u64)>,
    /// The rows of all tables together.
    pub rows: u64,
}

/// Makes a sample instance in a new SQLite file: the same instant and scale always give the same rows. Scale 1.0 is a few
/// hundred thousand rows. All or nothing is written; a file left behind by a failure is removed.
///
/// # Errors
/// The file exists already, the scale or the instant is unusable, or the database could not be written.
pub async fn create(path: &Path, now: DateTime<Utc>, scale: f64) -> Result<SampleSummary, SampleError> {
    let filling = Filling::new(now, scale)?;
    if path.exists() {
        return Err(SampleError::Exists(path.to_owned()));
    }
    let made = write(path, &filling).await;
    if made.is_err() {
        // The first error is the one worth telling.
        let _ = std::fs::remove_file(path);
    }
    made
}

async fn write(path: &Path, filling: &Filling) -> Result<SampleSummary, SampleError> {
    let mut connection = open(path).await?;
    let mut transaction = connection.begin().await.map_err(SampleError::database("beginning"))?;
    let mut summary = SampleSummary {
        tables: Vec::new(),
        rows: 0,
    };
    for table in tables() {
        let rows = fill(&mut transaction, table, filling)
            .await
            .map_err(SampleError::database(format!("filling the table {}", table.name)))?;
        summary.tables.push((table.name.to_owned(), rows));
        summary.rows += rows;
    }
    transaction
        .commit()
        .await
        .map_err(SampleError::database("committing"))?;
    execute(&mut connection, "ANALYZE".to_owned())
        .await
        .map_err(SampleError::database("gathering statistics"))?;
    connection.close().await.map_err(SampleError::database("closing"))?;
    Ok(summary)
}

/// A new file cannot lose anybody's data, so nothing waits for the disk.
async fn open(path: &Path) -> Result<SqliteConnection, SampleError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off);
    SqliteConnection::connect_with(&options)
        .await
        .map_err(SampleError::database("opening the file"))
}

async fn fill(connection: &mut SqliteConnection, table: &'static Table, filling: &Filling) -> Result<u64, sqlx::Error> {
    let mut ddl = table.sqlite_ddl().into_iter();
    if let Some(create_table) = ddl.next() {
        execute(connection, create_table).await?;
    }
    let written = insert_all(connection, table, filling).await?;
    // Indexes over rows that are there already are built by one sort.
    for create_index in ddl {
        execute(connection, create_index).await?;
    }
    Ok(written)
}

async fn insert_all(
    connection: &mut SqliteConnection,
    table: &'static Table,
    filling: &Filling,
) -> Result<u64, sqlx::Error> {
    let mut written = 0;
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    let full = insert_statement(table, BATCH);
    for row in filling.table(table) {
        batch.push(row);
        if batch.len() == BATCH {
            written += insert(connection, full.clone(), &mut batch).await?;
        }
    }
    if !batch.is_empty() {
        let rest = insert_statement(table, batch.len());
        written += insert(connection, rest, &mut batch).await?;
    }
    Ok(written)
}

fn insert_statement(table: &Table, rows: usize) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    format!(
        "INSERT INTO \"{}\" ({}) VALUES {}",
        table.name,
        columns.join(", "),
        vec![row; rows].join(", ")
    )
}

async fn insert(connection: &mut SqliteConnection, sql: String, batch: &mut Vec<Row>) -> Result<u64, sqlx::Error> {
    let mut query = sqlx::query::<sqlx::Sqlite>(trusted(sql));
    let rows = batch.len() as u64;
    for cell in batch.drain(..).flatten() {
        query = bind(query, cell);
    }
    query.execute(connection).await?;
    Ok(rows)
}

type Insert<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

fn bind(query: Insert<'_>, cell: Cell) -> Insert<'_> {
    match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Integer(value) => query.bind(value),
        Cell::Boolean(value) => query.bind(value),
        Cell::Text(text) => query.bind(text),
    }
}

async fn execute(connection: &mut SqliteConnection, sql: String) -> Result<(), sqlx::Error> {
    connection.execute(trusted(sql)).await.map(drop)
}

/// The one place where generated SQL passes for safe: it is made of names in [`tables`] alone, values are bound.
fn trusted(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}
