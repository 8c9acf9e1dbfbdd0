//! Pages for people: what ran, what leaves, what each metric is. They change nothing without a session.

mod consent;
mod dictionary;
mod events;
mod look;
mod measure;
mod metric;
mod overview;
mod payload;
mod payload_file;
mod run;
mod show;
mod slowest;
mod weeks;

use axum::Router;
use axum::routing::{get, post};

pub(super) use look::{Look, page};

use super::shared::Shared;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::overview))
        .route("/runs/{id}", get(run::run))
        .route("/payload", get(payload::payload))
        .route("/payload.json", get(payload_file::payload_file))
        .route("/dictionary", get(dictionary::dictionary))
        .route("/dictionary/{key_path}", get(metric::metric))
        .route("/dictionary/{key_path}/run", post(measure::measure))
        .route("/slowest", get(slowest::slowest))
        .route("/weeks", get(weeks::weeks))
        .route("/consent", get(consent::consent))
        .route("/events", get(events::events))
        .route("/events/stream", get(events::stream))
}
