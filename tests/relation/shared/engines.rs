//! The databases that answer, each by its own driver.

use service_ping::relation::Dialect;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row, SqliteConnection, ValueRef};
use tokio::runtime::Runtime;

/// A value as the database prints it; packed integers with commas between them.
pub type Cell = Option<String>;

pub struct Engine {
    runtime: Runtime,
    connection: Connection,
}

enum Connection {
    Postgres(Box<PgConnection>),
    Sqlite(Box<SqliteConnection>),
}

impl Engine {
    pub fn sqlite() -> Engine {
        let runtime = runtime();
        let options: SqliteConnectOptions = "sqlite::memory:".parse().unwrap();
        let connection = Connection::Sqlite(Box::new(runtime.block_on(options.connect()).unwrap()));
        Engine { runtime, connection }
    }

    pub fn postgres(url: &str) -> Engine {
        let runtime = runtime();
        let options: PgConnectOptions = url.parse().unwrap();
        let connection = Connection::Postgres(Box::new(runtime.block_on(options.connect()).unwrap()));
        Engine { runtime, connection }
    }

    pub fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Postgres(_) => Dialect::Postgres,
            Connection::Sqlite(_) => Dialect::Sqlite,
        }
    }

    pub fn execute(&mut self, script: &str) {
        let script = sqlx::raw_sql(AssertSqlSafe(script.to_owned()));
        let ran = match &mut self.connection {
            Connection::Postgres(connection) => self.runtime.block_on(script.execute(&mut **connection)).map(drop),
            Connection::Sqlite(connection) => self.runtime.block_on(script.execute(&mut **connection)).map(drop),
        };
        ran.unwrap();
    }

    /// What a statement answers; with packed columns by PostgreSQL's binary protocol, otherwise as plain text.
    pub fn rows(&mut self, sql: &str, packed: &[usize]) -> Vec<Vec<Cell>> {
        let statement = AssertSqlSafe(sql.to_owned());
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let rows = self
                    .runtime
                    .block_on(sqlx::query(statement).fetch_all(&mut **connection));
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                let cells = |row: &sqlx::sqlite::SqliteRow| (0..row.len()).map(|at| row.get_unchecked(at)).collect();
                rows.iter().map(cells).collect()
            }
            Connection::Postgres(connection) => {
                let rows = match packed.is_empty() {
                    true => self
                        .runtime
                        .block_on(sqlx::raw_sql(statement).fetch_all(&mut **connection)),
                    false => self
                        .runtime
                        .block_on(sqlx::query(statement).fetch_all(&mut **connection)),
                };
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                rows.iter().map(|row| cells(row, packed)).collect()
            }
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Both protocols carry text as its bytes; a type that the binary one carries otherwise would not be UTF-8 or not be
/// what is expected.
fn cells(row: &PgRow, packed: &[usize]) -> Vec<Cell> {
    (0..row.len())
        .map(|at| {
            let value = row.try_get_raw(at).unwrap();
            if value.is_null() {
                return None;
            }
            let bytes = value.as_bytes().unwrap();
            Some(match packed.contains(&at) {
                true => unpacked(bytes),
                false => String::from_utf8(bytes.to_vec()).unwrap(),
            })
        })
        .collect()
}

fn unpacked(bytes: &[u8]) -> String {
    let (integers, rest) = bytes.as_chunks::<8>();
    assert!(rest.is_empty());
    let texts: Vec<String> = integers
        .iter()
        .map(|bytes| i64::from_be_bytes(*bytes).to_string())
        .collect();
    texts.join(",")
}

/// The bytes of a value that the plain protocol carried, which are printed as hexadecimal digits.
pub fn unpacked_text(digits: &str) -> String {
    let digits = digits.strip_prefix("\\x").expect("bytes");
    let bytes = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    unpacked(&(0..digits.len()).step_by(2).map(bytes).collect::<Vec<u8>>())
}
