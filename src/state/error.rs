//! What can go wrong with the state store.

use chrono::{DateTime, Utc};

use super::trouble::Trouble;

/// Why the state store could not do what was asked. No message holds a password or a user's name from the URL.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the state URL must start with `sqlite:` or `postgres://`: correct `url` under `[state]`")]
    UnknownScheme,
    #[error("the state URL cannot be read: correct `url` under `[state]`")]
    InvalidUrl,
    #[error("the folder `{folder}` of the state store does not exist: create it or change `url` under `[state]`")]
    MissingFolder { folder: String },
    #[error("the state store {location} cannot be opened{}", source.advice())]
    Open {
        location: String,
        #[source]
        source: OpenError,
    },
    #[error(
        "the state store {location} cannot be brought up to date{}",
        Trouble::of_migration(source)
    )]
    Migrate {
        location: String,
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    #[error("the state store could not {action}{}", Trouble::of(source))]
    Query {
        action: &'static str,
        #[source]
        source: sqlx::Error,
    },
    #[error("the state store {location} was looked through{}", Trouble::Damaged)]
    Damaged { location: String },
    #[error("the state store holds {what} that this version does not understand: `{value}`")]
    Corrupt { what: &'static str, value: String },
    #[error(
        "a report recorded at {recorded_at} exists with another payload, and its delivery has begun: \
         record the new one at another time"
    )]
    ReportExists { recorded_at: DateTime<Utc> },
    #[error("the lease of this run was lost: it stood still for too long, and another process has taken over")]
    LeaseLost,
    #[error("the {what} is not JSON text")]
    NotJson {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

/// What failed while a store was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl OpenError {
    /// What to do, where its kind says so.
    fn advice(&self) -> String {
        let trouble = match self {
            OpenError::File(error) if is_full(error) => Trouble::Full,
            OpenError::File(_) => Trouble::Other,
            OpenError::Database(error) => Trouble::of(error),
        };
        match trouble {
            Trouble::Other => ": check that it can be reached and written".to_owned(),
            trouble => trouble.to_string(),
        }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Names the action that a failed statement belonged to.
pub(super) fn while_trying(action: &'static str) -> impl FnOnce(sqlx::Error) -> StateError {
    move |source| StateError::Query { action, source }
}
