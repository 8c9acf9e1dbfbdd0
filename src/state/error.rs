//! What can go wrong with the state store.

use chrono::{DateTime, Utc};

/// Why the state store could not do what was asked. No message holds a password or a user's name from the URL.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("the state URL must start with `sqlite:` or `postgres://`: correct `url` under `[state]`")]
    UnknownScheme,
    #[error("the state URL cannot be read: correct `url` under `[state]`")]
    InvalidUrl,
    #[error("the folder `{folder}` of the state store does not exist: create it or change `url` under `[state]`")]
    MissingFolder { folder: String },
    #[error("the state store {location} cannot be opened: check that it can be reached and written")]
    Open {
        location: String,
        #[source]
        source: OpenError,
    },
    #[error("the state store {location} cannot be brought up to date")]
    Migrate {
        location: String,
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    #[error("the state store could not {action}")]
    Query {
        action: &'static str,
        #[source]
        source: sqlx::Error,
    },
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

/// Names the action that a failed statement belonged to.
pub(super) fn while_trying(action: &'static str) -> impl FnOnce(sqlx::Error) -> StateError {
    move |source| StateError::Query { action, source }
}
