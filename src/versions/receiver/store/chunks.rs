//! The numbers of each instance's last payload, 64 metrics a row.

use futures_util::TryStreamExt;

use super::instances::pattern;
use super::open::{ReceiverStore, on_pool};
use super::turn::{Turn, in_turn};

/// Metrics a row.
const WIDTH: i64 = 64;
/// A slot and a number.
const ENTRY: usize = 9;

/// A metric of one instance.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::versions::receiver) struct MetricNumber {
    pub(in crate::versions::receiver) version: Option<String>,
    pub(in crate::versions::receiver) number: f64,
}

impl Turn {
    /// Keeps the numbers of an instance's last payload. Rows of a payload before are known by its id, and no longer read.
    pub(super) async fn keep_numbers(
        &mut self,
        instance: i64,
        payload: i64,
        mut numbers: Vec<(i64, f64)>,
    ) -> Result<(), sqlx::Error> {
        // In the order of the rows, which is the cheapest.
        numbers.sort_by_key(|(id, _)| *id);
        for of_chunk in numbers.chunk_by(|(one, _), (other, _)| one / WIDTH == other / WIDTH) {
            let chunk = of_chunk.first().map_or(0, |(id, _)| id / WIDTH);
            in_turn!(self, |connection| {
                sqlx::query(
                "INSERT INTO metric_chunks (chunk, instance_id, payload_id, numbers) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (chunk, instance_id) DO UPDATE SET payload_id = excluded.payload_id, numbers = excluded.numbers"
            )
            .bind(chunk)
            .bind(instance)
            .bind(payload)
            .bind(packed(of_chunk))
            .execute(connection)
            .await
            .map(drop)
            })?;
        }
        Ok(())
    }
}

impl ReceiverStore {
    /// A metric across the fleet: what the last payload of each instance says, if it says a number.
    pub(in crate::versions::receiver) async fn metric(
        &self,
        key_path: &str,
    ) -> Result<Option<Vec<MetricNumber>>, sqlx::Error> {
        let id: Option<i64> = on_pool!(self, |pool| sqlx::query_scalar(
            "SELECT id FROM metric_names WHERE key_path = $1"
        )
        .bind(key_path)
        .fetch_optional(pool)
        .await)?;
        let Some(id) = id else { return Ok(None) };
        let mut found = Vec::new();
        on_pool!(self, |pool| {
            let mut rows = sqlx::query_as::<_, (Vec<u8>, Option<String>)>(
                "SELECT c.numbers, i.version FROM metric_chunks c JOIN instances i ON i.id = c.instance_id \
                 AND i.payload_id = c.payload_id WHERE c.chunk = $1",
            )
            .bind(id / WIDTH)
            .fetch(pool);
            while let Some((numbers, version)) = rows.try_next().await? {
                if let Some(number) = unpacked(&numbers, id) {
                    found.push(MetricNumber { version, number });
                }
            }
        });
        Ok(Some(found))
    }

    /// Key paths that hold a text, in their order, at most so many.
    pub(in crate::versions::receiver) async fn metric_names(
        &self,
        holding: &str,
        most: i64,
    ) -> Result<Vec<String>, sqlx::Error> {
        on_pool!(self, |pool| {
            sqlx::query_scalar(
            "SELECT key_path FROM metric_names WHERE lower(key_path) LIKE lower($1) ESCAPE '\\' ORDER BY key_path LIMIT $2"
        )
        .bind(pattern(holding))
        .bind(most)
        .fetch_all(pool)
        .await
        })
    }
}

fn packed(of_chunk: &[(i64, f64)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(of_chunk.len() * ENTRY);
    for (id, number) in of_chunk {
        bytes.push(slot(*id));
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn unpacked(bytes: &[u8], id: i64) -> Option<f64> {
    let entry = bytes
        .chunks_exact(ENTRY)
        .find(|entry| entry.first() == Some(&slot(id)))?;
    let number: [u8; 8] = entry.get(1..)?.try_into().ok()?;
    Some(f64::from_le_bytes(number))
}

fn slot(id: i64) -> u8 {
    u8::try_from(id.rem_euclid(WIDTH)).unwrap_or(u8::MAX)
}
