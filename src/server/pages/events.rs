//! Events as they come.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use maud::{Markup, html};
use tokio::sync::broadcast::error::RecvError;

use super::look::{Look, page};
use crate::page::{count, wide_table};
use crate::server::live::Seen;
use crate::server::shared::Shared;

const HERE: &str = "/events";
/// A sign of life, so that a connection that is dead is noticed.
const PULSE: Duration = Duration::from_secs(15);

pub(super) async fn events(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    page(&look, StatusCode::OK, HERE, "Events", None, &body(&shared))
}

fn body(shared: &Shared) -> Markup {
    let seen = shared.live.last();
    html! {
        h1 { "Events seen now" }
        p.lead { "Events that this process is told over HTTP, by their names alone." }
        @if let Some(tracker) = &shared.sight.tracker {
            @let counts = tracker.counts();
            p.note { "When this page was made:" }
            dl.facts {
                div { dt { "Taken" } dd { (count(counts.accepted)) } }
                div { dt { "Written" } dd { (count(counts.written)) } }
                div { dt { "Waiting" } dd { (count(tracker.waiting())) } }
                div { dt { "Not taken" } dd { (count(counts.dropped)) } }
                div { dt { "Refused by the store" } dd { (count(counts.rejected)) } }
            }
        } @else { p.warn { "This instance counts no events: " code { "[event_store]" } " is not configured." } }
        p.note role="status" #stream-status { "Reload the page to see more." }
        (wide_table("The newest events, newest first", &html! {
            thead { tr { th scope="col" { "At" } th scope="col" { "Event" } th scope="col" { "How" } th scope="col" { "Result" } } }
            tbody data-stream="/events/stream" {
                @for one in &seen { tr { td { (one.at) } td { (one.event) } td { (one.kind) } td { (one.result) } } }
            }
        }))
        @if seen.is_empty() { p.none #stream-none { "None yet." } }
    }
}

/// Server-sent events, one for each event that is seen from now on.
pub(super) async fn stream(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(answer) = Look::at(&shared, &parts).await {
        return answer;
    }
    let receiver = shared.live.watch();
    let events = stream::unfold(receiver, |mut receiver| async {
        loop {
            match receiver.recv().await {
                Ok(seen) => return Some((Ok::<Event, Infallible>(event(&seen)), receiver)),
                // A reader who is behind misses some: they are only looked at.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(PULSE))
        .into_response()
}

fn event(seen: &Seen) -> Event {
    let data = serde_json::to_string(seen).unwrap_or_default();
    Event::default().event("tracked").data(data)
}
