//! Queries of the operator's own, each answered by a word: yes or no, and who there is.

use chrono::{DateTime, Utc};

use super::{DatabaseError, Row, Session};
use crate::measure::Reason;
use crate::relation::Dialect;

/// The value is neither a boolean nor a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

/// A person of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductUser {
    pub is_admin: bool,
    /// `None` where the database does not say.
    pub created_at: Option<DateTime<Utc>>,
}

impl Session {
    /// Whether the first value of the query's first row is true, or a number other than 0. No row, and NULL, are no.
    ///
    /// # Errors
    /// As any statement of the session; the value is neither.
    pub async fn says_yes(&mut self, query: &str) -> Result<bool, DatabaseError> {
        // As a part of a statement it can only be one query. Its last line may be a comment.
        let rows = self
            .sample(&format!("SELECT * FROM (\n{query}\n) AS answer LIMIT 1"))
            .await?;
        yes(cell(&rows, 0)).map_err(|_| wrong("its first value is neither true, false nor a number"))
    }

    /// The first people of a query that gives for each whether it is an administrator, and since when it is there; of
    /// more than two, two.
    ///
    /// # Errors
    /// As any statement of the session; a value is neither true nor false.
    pub async fn first_users(&mut self, query: &str) -> Result<Vec<ProductUser>, DatabaseError> {
        // Seconds, whatever the server's form of dates.
        let since = match self.dialect() {
            Dialect::Postgres => "EXTRACT(epoch FROM since)",
            Dialect::Sqlite => "strftime('%s', since)",
        };
        let sql = format!(
            "WITH product_users (is_admin, since) AS (\n{query}\n) SELECT is_admin, {since} FROM product_users LIMIT 2"
        );
        let rows = self.sample(&sql).await?;
        let users = rows.iter().map(|row| {
            let cell = |index: usize| row.get(index).and_then(Option::as_deref);
            let is_admin = yes(cell(0)).map_err(|_| wrong("its first column is neither true nor false"))?;
            Ok(ProductUser {
                is_admin,
                created_at: cell(1).and_then(instant),
            })
        });
        users.collect()
    }
}

fn cell(rows: &[Row], index: usize) -> Option<&str> {
    rows.first().and_then(|row| row.get(index)).and_then(Option::as_deref)
}

/// As the databases print booleans and numbers.
pub(super) fn yes(value: Option<&str>) -> Result<bool, NoAnswer> {
    match value {
        None | Some("f" | "false") => Ok(false),
        Some("t" | "true") => Ok(true),
        Some(text) => text.parse().map(|number: f64| number != 0.0).map_err(|_| NoAnswer),
    }
}

fn instant(seconds: &str) -> Option<DateTime<Utc>> {
    let whole = seconds.split('.').next()?;
    DateTime::from_timestamp(whole.parse().ok()?, 0)
}

fn wrong(message: &str) -> DatabaseError {
    DatabaseError::Refused {
        reason: Reason::WrongType,
        message: message.to_owned(),
    }
}
