//! Tokens of the HTTP API, by their digests, and what sessions are signed with.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use super::error::{StateError, while_trying};
use super::store::{StateStore, on_pool};
use super::time::micros;

/// A token as it is kept: what it allows, and not what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: Uuid,
    /// What people call it; of the tokens that are good, each name is one's.
    pub name: String,
    /// The SHA-256 of the token, in hexadecimal digits.
    pub digest: String,
    /// Names with spaces between.
    pub scopes: String,
    /// Whose acts are counted under it.
    pub user_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    /// Whether it opens anything at this instant.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

#[derive(FromRow)]
struct Row {
    id: String,
    name: String,
    digest: String,
    scopes: String,
    user_id: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl StateStore {
    /// Keeps a new token, unless one that was not revoked has its name; whether it was kept.
    ///
    /// # Errors
    /// The store failed.
    pub async fn add_api_token(&self, token: &ApiToken) -> Result<bool, StateError> {
        let added = on_pool!(self, |pool| sqlx::query(
            "INSERT INTO api_tokens (id, name, digest, scopes, user_id, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        )
        .bind(token.id.to_string())
        .bind(&token.name)
        .bind(&token.digest)
        .bind(&token.scopes)
        .bind(&token.user_id)
        .bind(micros(token.created_at))
        .bind(token.expires_at.map(micros))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("keep a token")))?;
        Ok(added > 0)
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// The store failed, or holds what is no token.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, StateError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(
            "SELECT id, name, digest, scopes, user_id, created_at, expires_at, revoked_at FROM api_tokens \
             ORDER BY created_at, id"
        )
        .fetch_all(pool)
        .await
        .map_err(while_trying("read the tokens")))?;
        rows.into_iter().map(token).collect()
    }

    /// Revokes the token of that name for good; whether there was one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn revoke_api_token(&self, name: &str, now: DateTime<Utc>) -> Result<bool, StateError> {
        let revoked = on_pool!(self, |pool| sqlx::query(
            "UPDATE api_tokens SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL"
        )
        .bind(name)
        .bind(micros(now))
        .execute(pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(while_trying("revoke a token")))?;
        Ok(revoked > 0)
    }

    /// What the sessions of browsers are signed with: made once, kept, printed by nothing.
    ///
    /// # Errors
    /// As [`StateStore::signing_secret`], of which it is derived.
    pub async fn session_secret(&self) -> Result<[u8; 32], StateError> {
        let secret = self.signing_secret().await?;
        let digest = Sha256::new().chain_update(b"sessions of browsers").chain_update(secret);
        Ok(digest.finalize().into())
    }
}

fn token(row: Row) -> Result<ApiToken, StateError> {
    Ok(ApiToken {
        id: row.id.parse().map_err(|_| StateError::Corrupt {
            what: "a token's id",
            value: row.id,
        })?,
        name: row.name,
        digest: row.digest,
        scopes: row.scopes,
        user_id: row.user_id,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    })
}
