//! The paths of `serve`.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::Sight;
use super::geo::take_status;
use super::metrics::exposition;
use super::readiness::{STORE_TIMEOUT, obstacle};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn router(sight: Sight) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/geo/status", post(take_status))
        .fallback(async || text(StatusCode::NOT_FOUND, "there are /health, /ready and /metrics here"))
        .with_state(sight)
}

/// The process lives, whatever it is able to do.
async fn health() -> Response {
    text(StatusCode::OK, "ok")
}

async fn ready(State(sight): State<Sight>) -> Response {
    match obstacle(&sight).await {
        None => text(StatusCode::OK, "ready"),
        Some(why) => text(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

async fn metrics(State(sight): State<Sight>) -> Response {
    match tokio::time::timeout(STORE_TIMEOUT, exposition(&sight)).await {
        Ok(Ok(exposition)) => answer(StatusCode::OK, OPEN_METRICS, exposition),
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
    answer(status, TEXT, format!("{says}\n"))
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (axum::http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}
