//! Whoever looks at a page, and how a page is sent.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::page::{Crumb, Frame, Link};
use crate::versions::receiver::access::challenged;
use crate::versions::receiver::routes::Desk;
use crate::versions::receiver::store::ReceiverStore;

const AROUND: [Link<'_>; 6] = [
    Link {
        href: "/",
        name: "Overview",
    },
    Link {
        href: "/instances",
        name: "Instances",
    },
    Link {
        href: "/versions",
        name: "Versions",
    },
    Link {
        href: "/metrics",
        name: "Metrics",
    },
    Link {
        href: "/failures",
        name: "Failures",
    },
    Link {
        href: "/errors",
        name: "Errors",
    },
];

/// Somebody who may look, and what there is to be seen.
pub(super) struct Sight {
    pub(super) store: ReceiverStore,
}

impl FromRequestParts<Desk> for Sight {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Sight, Response> {
        let store = desk.intake.store();
        match desk.access.looker(&parts.headers, store).await {
            Ok(()) => Ok(Sight { store: store.clone() }),
            Err(refusal) => Err(challenged(refusal)),
        }
    }
}

/// A page that was asked for, or why it cannot be shown.
pub(super) type Shown = Result<Response, Failed>;

/// A page that cannot be shown.
pub(super) enum Failed {
    /// There is no such thing.
    NotFound(&'static str),
    Store(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        Failed::Store(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (status, title, says) = match self {
            Failed::NotFound(says) => (StatusCode::NOT_FOUND, "Not found", says),
            Failed::Store(error) => {
                tracing::error!(%error, "the receiver's store failed");
                let says = "The receiver's store failed: try again later, and see the log.";
                (StatusCode::INTERNAL_SERVER_ERROR, "Out of order", says)
            }
        };
        let body = html! { h1 { (title) } p.lead { (says) } };
        let mut response = page("", title, None, &body);
        *response.status_mut() = status;
        response
    }
}

/// A page within its frame.
pub(super) fn page(here: &str, title: &str, above: Option<&Crumb>, body: &Markup) -> Response {
    let frame = Frame {
        brand: "Versions",
        around: &AROUND,
        account: None,
        foot: html! { "service-ping " (env!("CARGO_PKG_VERSION")) " · as the last payload of each instance tells it" },
        csrf: None,
    };
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, frame.page(here, title, above, body)).into_response()
}
