//! What the instance is, kept for good.

use chrono::Utc;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

const UUID: &str = "uuid";
const SIGNING_SECRET: &str = "signing_secret";

impl StateStore {
    /// The instance's uuid: made once, by whoever asks first, and kept.
    ///
    /// # Errors
    /// The store failed, or holds something that is no UUID.
    pub async fn instance_uuid(&self) -> Result<Uuid, StateError> {
        let kept = self.keep_fact(UUID, &Uuid::new_v4().to_string()).await?;
        Uuid::parse_str(&kept).map_err(|_| StateError::Corrupt {
            what: "an instance uuid",
            value: kept,
        })
    }

    /// The secret that bundles are signed with: 32 bytes, made once, by whoever asks first, and kept. It is as private as
    /// the store; nothing prints it.
    ///
    /// # Errors
    /// The store failed, or holds something that is no such secret.
    pub async fn signing_secret(&self) -> Result<[u8; 32], StateError> {
        // Four random UUIDs hold 488 bits of the system's randomness, of which a digest makes 256 that are evenly so.
        let random: Vec<u8> = (0..4).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let fresh: String = Sha256::digest(random)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let kept = self.keep_fact(SIGNING_SECRET, &fresh).await?;
        secret_of(&kept).ok_or_else(|| StateError::Corrupt {
            what: "a signing secret",
            value: "not shown".to_owned(),
        })
    }

    /// Keeps the value unless the fact has one already; returns what is kept.
    async fn keep_fact(&self, name: &str, value: &str) -> Result<String, StateError> {
        on_pool!(self, |pool| {
            sqlx::query(
                "INSERT INTO instance_facts (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            )
            .bind(name)
            .bind(value)
            .bind(micros(Utc::now()))
            .execute(pool)
            .await
            .map_err(while_trying("keep a fact of the instance"))?;
            sqlx::query_scalar("SELECT value FROM instance_facts WHERE name = $1")
                .bind(name)
                .fetch_one(pool)
                .await
                .map_err(while_trying("read a fact of the instance"))
        })
    }
}

fn secret_of(kept: &str) -> Option<[u8; 32]> {
    let digits = kept.as_bytes().chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
