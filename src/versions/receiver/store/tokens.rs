//! Who may send and who may look, by tokens of which only a digest is kept.

use chrono::{DateTime, SubsecRound, Utc};
use sqlx::FromRow;

use super::open::{ReceiverStore, on_pool};
use crate::access;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRole {
    /// To send payloads, metadata and error reports.
    Instance,
    /// To look at the pages.
    Admin,
}

impl TokenRole {
    /// How it is spelled in lists and in the store.
    pub fn name(self) -> &'static str {
        match self {
            TokenRole::Instance => "instance",
            TokenRole::Admin => "admin",
        }
    }
}

/// A token as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Token {
    pub name: String,
    pub role: String,
    /// The only uuid that it may send for.
    pub instance: Option<String>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ReceiverStore {
    /// Makes a token and gives its text, which is kept nowhere; `None` if there is one of that name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn add_token(
        &self,
        name: &str,
        role: TokenRole,
        instance: Option<&str>,
    ) -> Result<Option<String>, sqlx::Error> {
        let made = access::Token::generate();
        let added: Option<i64> = on_pool!(self, |pool| sqlx::query_scalar(
            "INSERT INTO tokens (name, digest, role, instance, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO NOTHING RETURNING id"
        )
        .bind(name)
        .bind(made.digest().to_text())
        .bind(role.name())
        .bind(instance)
        .bind(Utc::now().trunc_subsecs(6))
        .fetch_optional(pool)
        .await)?;
        Ok(added.map(|_| made.expose().to_owned()))
    }

    /// All tokens, revoked ones too, by their names.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tokens(&self) -> Result<Vec<Token>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT name, role, instance, created_at, revoked_at FROM tokens ORDER BY name"
        )
        .fetch_all(pool)
        .await)
    }

    /// Ends a token; false if none of that name is valid.
    ///
    /// # Errors
    /// The store failed.
    pub async fn revoke_token(&self, name: &str) -> Result<bool, sqlx::Error> {
        let ended = on_pool!(self, |pool| sqlx::query(
            "UPDATE tokens SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL"
        )
        .bind(name)
        .bind(Utc::now().trunc_subsecs(6))
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(ended > 0)
    }

    /// The valid token of a text. It is looked up by its digest, so that the time this takes says nothing about the text.
    pub(in crate::versions::receiver) async fn token(&self, text: &str) -> Result<Option<Token>, sqlx::Error> {
        on_pool!(self, |pool| sqlx::query_as(
            "SELECT name, role, instance, created_at, revoked_at FROM tokens WHERE digest = $1 AND revoked_at IS NULL"
        )
        .bind(access::Digest::of(text).to_text())
        .fetch_optional(pool)
        .await)
    }
}
