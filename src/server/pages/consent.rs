//! What may leave, and what was accepted.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::look::{Look, failed, page};
use super::show;
use crate::page::wide_table;
use crate::report::{Stand, Subject};
use crate::server::answer::ApiError;
use crate::server::engine::ConsentView;
use crate::server::shared::Shared;

const HERE: &str = "/consent";
const STANDS: [Stand; 4] = [Stand::Accepted, Stand::New, Stand::Changed, Stand::Gone];
const CATEGORIES: [&str; 4] = ["standard", "subscription", "operational", "optional"];

pub(super) async fn consent(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    match shared.sight.engine.consent().await {
        Ok(view) => page(&look, StatusCode::OK, HERE, "Consent", None, &body(&view)),
        Err(error) => failed(&look, HERE, &ApiError::unavailable(&error.0)),
    }
}

fn body(view: &ConsentView) -> Markup {
    let standing = &view.standing;
    let held: Vec<&Subject> = standing.held_back();
    html! {
        h1 { "Consent" }
        p.lead {
            @if view.is_explicit { "A metric leaves only as it read when it was accepted." }
            @else { "What the configuration selects leaves without being accepted one by one." }
        }
        @if let Some(last) = &view.last_answer { p { (last) } }
        (wide_table("Metrics by category, and how they stand", &html! {
            thead { tr { th scope="col" { "Category" } @for stand in STANDS { th.number scope="col" { (stand.as_str()) } } } }
            tbody { @for category in CATEGORIES { tr {
                th scope="row" { (category) }
                @for stand in STANDS { td.number { (standing.standing(stand).filter(|one| one.category == category).count()) } }
            } } }
        }))
        p.note { "Digest of all of them: " code { (standing.digest) } }
        @if view.is_explicit && !held.is_empty() {
            h2 { "Held back until accepted" }
            p { "Accept just these with:" }
            pre tabindex="0" { code { "service-ping consent accept --all --digest " (standing.digest) } }
            ul.plain { @for subject in &held { li {
                a href={ "/dictionary/" (subject.key_path) } { code { (subject.key_path) } } " "
                span.tag.warn { (subject.stand.as_str()) }
                p.note { (subject.description) }
                @for (what, then, now) in subject.changes() { p.note { (what) ": " (show::value(&then)) " → " (show::value(&now)) } }
            } } }
        }
    }
}
