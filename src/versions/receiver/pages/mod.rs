//! The fleet's pages. They only show, and everything that instances sent is shown as text.

mod address;
mod asset;
mod errors;
mod failures;
mod instance;
mod instances;
mod metric;
mod metrics;
mod overview;
mod sight;
mod versions;

use axum::Router;
use axum::routing::get;

use super::routes::Desk;

/// The pages' paths.
pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/", get(overview::show))
        .route("/instances", get(instances::show))
        .route("/instances/{uuid}", get(instance::show))
        .route("/instances/{uuid}/payload", get(instance::payload))
        .route("/versions", get(versions::show))
        .route("/metrics", get(metrics::show))
        .route("/metrics/{key_path}", get(metric::show))
        .route("/failures", get(failures::show))
        .route("/errors", get(errors::show))
        .route("/assets/{name}", get(asset::send))
}
