//! Plain SQL's answers, by psql.

use crate::oracle::{self, Rows};
use crate::support::postgres::Database;

/// Stands between the answers, and is none.
const MARK: &str = "@@next@@";

/// The answer to each statement, in their order, from one session.
pub fn psqls<'a>(database: &Database<'_>, statements: impl IntoIterator<Item = &'a str>) -> Vec<Rows> {
    let asked = |sql: &str| format!("SELECT '{MARK}'; {sql};");
    let script: String = statements.into_iter().map(asked).collect();
    let printed = database.psql(&script) + "\n";
    let mark = format!("{MARK}\n");
    printed.split(&mark).skip(1).map(oracle::split).collect()
}
