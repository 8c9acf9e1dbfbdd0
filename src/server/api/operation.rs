//! Every operation of the API, described once.

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::track::{TrackEvent, TrackEvents};
use super::{definitions, document, increment, payload, read, track};
use crate::access::Scope;
use crate::server::access::{Gate, Needs};
use crate::server::shared::Shared;

/// Where the operations stand: the bare path of the source documents, and GitLab's.
pub(super) const PREFIXES: [&str; 2] = ["/usage_data", "/api/v4/usage_data"];

/// Spec 13: on unless it is switched off.
const API: Option<(&str, bool)> = Some(("usage_data_api", true));

pub(super) const TRACKS: Gate = Gate {
    needs: Needs::Scope(Scope::Track),
    flag: API,
    changes: true,
};
pub(super) const OPEN: Gate = Gate {
    needs: Needs::Nothing,
    flag: None,
    changes: false,
};
pub(super) const SERVICE_PING: Gate = Gate {
    needs: Needs::Scope(Scope::ReadServicePing),
    flag: API,
    changes: false,
};
pub(super) const QUERIES: Gate = Gate {
    needs: Needs::Scope(Scope::Admin),
    flag: Some(("usage_data_queries_api", false)),
    changes: false,
};
pub(super) const NON_SQL: Gate = Gate {
    flag: Some(("usage_data_non_sql_metrics", false)),
    ..QUERIES
};

/// One operation.
pub(super) struct Operation {
    /// Below the prefix.
    pub(super) path: &'static str,
    pub(super) is_post: bool,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) gate: Gate,
    /// What the body says.
    pub(super) body: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// Whether a form says the same.
    pub(super) has_form: bool,
    /// What the query may say: the name, and what it is for.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The media type of an answer of 200, and what it is.
    pub(super) done: (&'static str, &'static str),
    handler: fn() -> MethodRouter<Shared>,
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const JSON: &str = "application/json";

pub(super) const OPERATIONS: [Operation; 9] = [
    Operation {
        path: "/increment_counter",
        is_post: true,
        id: "increment_counter",
        summary: "Raise a plain counter by one",
        gate: TRACKS,
        body: Some(schema::<increment::Increment>),
        has_form: true,
        query: &[],
        done: (
            JSON,
            "What became of it: a name that no definition has is no error, but `not_tracked`.",
        ),
        handler: || post(increment::counter),
    },
    Operation {
        path: "/increment_unique_users",
        is_post: true,
        id: "increment_unique_users",
        summary: "Count the authenticated user once",
        gate: TRACKS,
        body: Some(schema::<increment::Increment>),
        has_form: true,
        query: &[],
        done: (
            JSON,
            "What became of it: a name that no definition has is no error, but `not_tracked`.",
        ),
        handler: || post(increment::unique_users),
    },
    Operation {
        path: "/track_event",
        is_post: true,
        id: "track_event",
        summary: "Track an internal event",
        gate: TRACKS,
        body: Some(schema::<TrackEvent>),
        has_form: false,
        query: &[],
        done: (JSON, "What became of it."),
        handler: || post(track::one),
    },
    Operation {
        path: "/track_events",
        is_post: true,
        id: "track_events",
        summary: "Track up to 50 internal events",
        gate: TRACKS,
        body: Some(schema::<TrackEvents>),
        has_form: false,
        query: &[],
        done: (
            JSON,
            "What became of each, in their order; one that is `not_taken` may be sent again.",
        ),
        handler: || post(track::several),
    },
    Operation {
        path: "/metric_definitions",
        is_post: false,
        id: "metric_definitions",
        summary: "Every metric definition",
        gate: OPEN,
        body: None,
        has_form: false,
        query: &[("include_paths", "Whether each entry names its file: `true` or `false`.")],
        done: ("application/yaml", "A list of the definitions' attributes."),
        handler: || get(definitions::definitions),
    },
    Operation {
        path: "/service_ping",
        is_post: false,
        id: "service_ping",
        summary: "The payload of the last run",
        gate: SERVICE_PING,
        body: None,
        has_form: false,
        query: &[],
        done: (JSON, "The payload as it was stored; empty where there was no run."),
        handler: || get(payload::service_ping),
    },
    Operation {
        path: "/queries",
        is_post: false,
        id: "queries",
        summary: "One statement for each metric that one statement gives",
        gate: QUERIES,
        body: None,
        has_form: false,
        query: &[],
        done: (JSON, "The statements, nested as the payload is."),
        handler: || get(read::queries),
    },
    Operation {
        path: "/non_sql_metrics",
        is_post: false,
        id: "non_sql_metrics",
        summary: "The values of all other metrics",
        gate: NON_SQL,
        body: None,
        has_form: false,
        query: &[],
        done: (JSON, "The values, nested as the payload is."),
        handler: || get(read::non_sql),
    },
    Operation {
        path: "/openapi.json",
        is_post: false,
        id: "openapi",
        summary: "This document",
        gate: OPEN,
        body: None,
        has_form: false,
        query: &[],
        done: (JSON, "OpenAPI 3.1."),
        handler: || get(document::document),
    },
];

/// The operations at their paths.
pub(in crate::server) fn router() -> Router<Shared> {
    let mut router = Router::new();
    for prefix in PREFIXES {
        for operation in &OPERATIONS {
            router = router.route(&format!("{prefix}{}", operation.path), (operation.handler)());
        }
    }
    router
}
