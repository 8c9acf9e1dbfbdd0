//! Whoever looks at a page, and the frame that they see.

use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::access::Scope;
use crate::page::{Crumb, Frame, Link};
use crate::server::access::{Principal, limited};
use crate::server::answer::ApiError;
use crate::server::session::moved;
use crate::server::shared::Shared;

const BRAND: &str = "service-ping";
const AROUND: [Link<'static>; 7] = [
    Link {
        href: "/",
        name: "Overview",
    },
    Link {
        href: "/payload",
        name: "Payload",
    },
    Link {
        href: "/dictionary",
        name: "Dictionary",
    },
    Link {
        href: "/slowest",
        name: "Slowest",
    },
    Link {
        href: "/weeks",
        name: "Weeks",
    },
    Link {
        href: "/consent",
        name: "Consent",
    },
    Link {
        href: "/events",
        name: "Events",
    },
];

/// Whoever looks.
#[derive(Debug, Clone)]
pub(in crate::server) struct Look {
    pub(in crate::server) csrf: Option<String>,
    /// Whether they may have the databases asked.
    pub(in crate::server) is_admin: bool,
    is_signed_in: bool,
}

impl Look {
    /// Whoever looks; a session that is over is none.
    pub(in crate::server) async fn of(shared: &Shared, parts: &Parts) -> Look {
        let principal = Principal::of(shared, parts).await.ok().flatten();
        Look {
            csrf: principal.as_ref().and_then(|principal| principal.csrf(shared)),
            is_admin: principal
                .as_ref()
                .is_some_and(|principal| principal.scopes.allow(Scope::Admin)),
            is_signed_in: principal.is_some(),
        }
    }

    /// Whoever may look: anybody on this machine, from elsewhere those who are signed in.
    ///
    /// # Errors
    /// The answer that they get instead.
    pub(super) async fn at(shared: &Shared, parts: &Parts) -> Result<Look, Response> {
        limited(shared, parts).map_err(IntoResponse::into_response)?;
        let principal = Principal::of(shared, parts).await.ok().flatten();
        let may = principal.is_some_and(|principal| principal.scopes.allow(Scope::ReadServicePing));
        if may || shared.is_private {
            return Ok(Look::of(shared, parts).await);
        }
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
        let next: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        Err(moved(&format!("/session?next={next}"), None))
    }

    fn account(&self) -> Markup {
        html! {
            @match &self.csrf {
                Some(csrf) => {
                    span { @if self.is_admin { "Signed in" } @else { "Signed in to read" } }
                    form method="post" action="/session/end" {
                        input type="hidden" name="csrf_token" value=(csrf);
                        button { "Sign out" }
                    }
                }
                None if self.is_signed_in => { span { "By token" } }
                None => { a href="/session" { "Sign in" } }
            }
        }
    }
}

/// A page as it is sent.
pub(in crate::server) fn page(
    look: &Look,
    status: StatusCode,
    here: &str,
    title: &str,
    above: Option<&Crumb>,
    body: &Markup,
) -> Response {
    let frame = Frame {
        brand: BRAND,
        around: &AROUND,
        account: Some(look.account()),
        foot: html! {
            "service-ping " (env!("CARGO_PKG_VERSION")) " · "
            a href="/metrics" { "OpenMetrics" } " · "
            a href="/usage_data/openapi.json" { "API" }
        },
        csrf: look.csrf.as_deref(),
    };
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let text = frame.page(here, title, above, body);
    (status, [(CONTENT_TYPE, kind)], text).into_response()
}

/// A page that cannot be shown, and why.
pub(super) fn failed(look: &Look, here: &str, error: &ApiError) -> Response {
    let body = html! {
        h1 { "This cannot be shown" }
        p.bad role="alert" { (error.message) }
    };
    page(look, error.status, here, "This cannot be shown", None, &body)
}
