//! What machines ask: whether the process lives, whether the job could run, and how it went.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::answer;
use super::metrics::exposition;
use super::readiness::{STORE_TIMEOUT, obstacle};
use super::shared::Shared;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
}

/// The process lives, whatever it is able to do.
async fn health() -> Response {
    text(StatusCode::OK, "ok")
}

async fn ready(State(shared): State<Shared>) -> Response {
    match obstacle(&shared.sight).await {
        None => text(StatusCode::OK, "ready"),
        Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

async fn metrics(State(shared): State<Shared>) -> Response {
    match tokio::time::timeout(STORE_TIMEOUT, exposition(&shared.sight)).await {
        Ok(Ok(exposition)) => answer::text(StatusCode::OK, OPEN_METRICS, exposition),
        Ok(Err(error)) => {
            tracing::warn!(%error, "The state store does not answer.");
            text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the state store does not answer: see the log",
            )
        }
        Err(_) => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "the state store did not answer in time",
        ),
    }
}

fn text(status: StatusCode, says: &str) -> Response {
    answer::text(status, TEXT, format!("{says}\n"))
}
