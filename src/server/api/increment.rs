//! `increment_counter` and `increment_unique_users`.

use axum::extract::{Request, State};
use axum::response::Response;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;

use super::body::said;
use super::operation::TRACKS;
use super::outcome::{settled, tracker};
use crate::server::answer::ApiError;
use crate::server::shared::Shared;

/// One event, by its name.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Increment {
    /// The event: of a counter `<prefix>_<event>`, of unique users its name.
    #[schemars(length(min = 1, max = 255))]
    event: String,
}

pub(super) async fn counter(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    TRACKS.pass(&shared, &parts).await?;
    let Increment { event } = said(&parts, body).await?;
    named(&event)?;
    let queued = tracker(&shared)?.increment(&event, 1);
    Ok(settled(&shared, &event, "increment_counter", queued)?.answer())
}

pub(super) async fn unique_users(State(shared): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let principal = TRACKS.pass(&shared, &parts).await?;
    let Increment { event } = said(&parts, body).await?;
    named(&event)?;
    let Some(user) = principal.and_then(|principal| principal.user) else {
        return Err(ApiError::forbidden(
            "the token belongs to no user: make one with service-ping token add --user",
        ));
    };
    let queued = tracker(&shared)?.track_event(&event, vec![user.into_bytes()], Utc::now());
    Ok(settled(&shared, &event, "increment_unique_users", queued)?.answer())
}

/// # Errors
/// 400: the name is none.
pub(super) fn named(event: &str) -> Result<(), ApiError> {
    match event.len() {
        0 => Err(ApiError::bad("event is missing")),
        1..=255 => Ok(()),
        _ => Err(ApiError::bad("event is longer than 255 bytes")),
    }
}
