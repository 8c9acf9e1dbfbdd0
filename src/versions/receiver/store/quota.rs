//! How much an instance may send a day.

use chrono::{DateTime, NaiveTime, Utc};

use super::turn::{Turn, in_turn};

/// What one instance may send between two midnights of UTC: payloads, metadata and error reports together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::versions::receiver) struct Quota {
    pub(in crate::versions::receiver) pings: Option<u32>,
    pub(in crate::versions::receiver) bytes: Option<u64>,
}

impl Quota {
    /// Counts a body; false if it is more than the instance may send today.
    pub(super) async fn allows(
        self,
        turn: &mut Turn,
        uuid: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        if self == Quota::default() {
            return Ok(true);
        }
        let (pings, bytes): (i64, i64) = in_turn!(turn, |connection| sqlx::query_as(
            "INSERT INTO quotas (uuid, day, pings, bytes) VALUES ($1, $2, 1, $3) ON CONFLICT (uuid) DO UPDATE SET \
             pings = CASE WHEN quotas.day = excluded.day THEN quotas.pings ELSE 0 END + 1, \
             bytes = CASE WHEN quotas.day = excluded.day THEN quotas.bytes ELSE 0 END + excluded.bytes, \
             day = excluded.day RETURNING pings, bytes"
        )
        .bind(uuid)
        .bind(now.timestamp().div_euclid(86_400))
        .bind(i64::try_from(body.len()).unwrap_or(i64::MAX))
        .fetch_one(connection)
        .await?);
        let too_many = self.pings.is_some_and(|most| pings > i64::from(most));
        let too_long = self.bytes.is_some_and(|most| bytes.unsigned_abs() > most);
        Ok(!too_many && !too_long)
    }

    /// Seconds until a new day begins.
    pub(in crate::versions::receiver) fn renewed_in(now: DateTime<Utc>) -> i64 {
        let midnight = (now.date_naive() + chrono::Days::new(1))
            .and_time(NaiveTime::MIN)
            .and_utc();
        (midnight - now).num_seconds().max(0) + 1
    }
}
