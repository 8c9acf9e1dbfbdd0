//! What was taken in from another store, so that only what is new is added.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::sqlite::Sqlite;
use sqlx::{FromRow, QueryBuilder, SqliteConnection};

use super::clock::Instant;
use super::number::Number;
use super::rows::{self, CHUNK};
use super::slot::Refusal;

/// What was taken in before, and now.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By key and field; the field of a counter or a sum is empty.
    amounts: BTreeMap<(String, String), Number>,
    written: BTreeMap<(String, String), (Number, Option<Instant>)>,
}

#[derive(FromRow)]
struct LedgerRow {
    key: String,
    field: String,
    amount: String,
}

impl Ledger {
    /// Reads the amounts of these keys that still count.
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        origin: &str,
        keys: &BTreeSet<&str>,
        now: Instant,
    ) -> Result<Ledger, sqlx::Error> {
        let keys: Vec<&str> = keys.iter().copied().collect();
        let mut ledger = Ledger::default();
        for chunk in keys.chunks(CHUNK) {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new("SELECT key, field, amount FROM absorbed WHERE origin = ");
            query.push_bind(origin.to_owned());
            query.push(" AND (expires_at IS NULL OR expires_at > ");
            query.push_bind(now);
            query.push(") AND key IN ");
            rows::push_list(&mut query, chunk);
            let found = query.build_query_as().persistent(false).fetch_all(&mut *connection);
            for LedgerRow { key, field, amount } in found.await? {
                let amount =
                    Number::parse(&amount).ok_or_else(|| sqlx::Error::Decode("an amount is no number".into()))?;
                ledger.amounts.insert((key, field), amount);
            }
        }
        Ok(ledger)
    }

    /// What of an amount is new since it was last taken in; from now on all of it counts as taken in.
    pub(super) fn news(
        &mut self,
        key: &str,
        field: &str,
        amount: Number,
        expires_at: Option<Instant>,
    ) -> Result<Number, Refusal> {
        let place = (key.to_owned(), field.to_owned());
        let before = self.amounts.insert(place.clone(), amount).unwrap_or(Number::ZERO);
        self.written.insert(place, (amount, expires_at));
        amount.minus(before).ok_or(Refusal::Overflow)
    }

    /// What was taken in of this key is not here any more.
    pub(super) fn forget(&mut self, key: &str) {
        self.amounts.retain(|(of, _), _| of != key);
    }

    pub(super) async fn save(&self, connection: &mut SqliteConnection, origin: &str) -> Result<(), sqlx::Error> {
        let lines: Vec<_> = self.written.iter().collect();
        for chunk in lines.chunks(CHUNK) {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new("INSERT INTO absorbed (key, origin, field, amount, expires_at) ");
            query.push_values(chunk, |mut row, ((key, field), (amount, expires_at))| {
                row.push_bind(key.clone())
                    .push_bind(origin.to_owned())
                    .push_bind(field.clone())
                    .push_bind(amount.to_string())
                    .push_bind(*expires_at);
            });
            query.push(
                " ON CONFLICT (key, origin, field) \
                 DO UPDATE SET amount = excluded.amount, expires_at = excluded.expires_at",
            );
            query.build().persistent(false).execute(&mut *connection).await?;
        }
        Ok(())
    }
}
