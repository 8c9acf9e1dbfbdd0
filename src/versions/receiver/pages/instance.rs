//! One instance, and its last payload.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::address::path;
use super::sight::{Failed, Shown, Sight, page};
use crate::page::{Crumb, bytes, count, short, wide_table};
use crate::source::facts::iso8601;
use crate::versions::receiver::Instance;
use crate::versions::receiver::dev_ops::Score;

/// Characters of a payload that the page shows; the rest is for downloading.
const SHOWN: usize = 100_000;
const NO_INSTANCE: &str = "No instance of this uuid has sent anything here.";

pub(super) async fn show(sight: Sight, Path(uuid): Path<String>) -> Shown {
    let instance = sight
        .store
        .instance(&uuid)
        .await?
        .ok_or(Failed::NotFound(NO_INSTANCE))?;
    let failures = sight.store.failures_of(instance.id).await?;
    let payload = sight.store.payload(instance.payload_id).await?;
    let body = html! {
        h1.key { (instance.uuid) }
        (facts(&instance))
        h2 { "DevOps score" }
        p.note { "What the instance made of each feature, for each active user." }
        (score(&instance))
        h2 { "Metrics without a value" }
        @if failures.is_empty() { p.none { "None: every metric has a value." } } @else {
            (wide_table("Metrics without a value, of the last payload and the last metadata", &html! {
                thead { tr { th scope="col" { "Metric" } th scope="col" { "Said by" } th scope="col" { "Reason" } } }
                tbody {
                    @for (key_path, source, reason) in &failures {
                        tr { th scope="row" { a href=(path("/metrics", key_path)) { (key_path) } } td { (source) } td { (reason) } }
                    }
                }
            }))
        }
        h2 { "Last payload" }
        @match &payload {
            Some(payload) => {
                p.note {
                    (bytes(u64::try_from(payload.payload.len()).unwrap_or(u64::MAX))) ", received " (iso8601(payload.received_at)) " · "
                    a href=(format!("{}/payload", path("/instances", &uuid))) { "Download as JSON" }
                }
                (text(&payload.payload))
            },
            None => p.none { "It is no longer here." },
        }
    };
    let above = Crumb {
        href: "/instances".to_owned(),
        name: "Instances".to_owned(),
    };
    Ok(page("/instances", &instance.uuid, Some(&above), &body))
}

/// The payload, byte for byte, for keeping and not for showing.
pub(super) async fn payload(sight: Sight, Path(uuid): Path<String>) -> Result<Response, Failed> {
    let instance = sight
        .store
        .instance(&uuid)
        .await?
        .ok_or(Failed::NotFound(NO_INSTANCE))?;
    let payload = sight.store.payload(instance.payload_id).await?;
    let payload = payload.ok_or(Failed::NotFound("The payload is no longer here."))?;
    let name = format!("attachment; filename=\"payload-{}.json\"", payload.id);
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, payload.payload).into_response())
}

fn facts(instance: &Instance) -> Markup {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    html! {
        dl.facts {
            div { dt { "Host" } dd { (or_dash(&instance.hostname)) } }
            div { dt { "Version" } dd { (or_dash(&instance.version)) } }
            div { dt { "Edition" } dd { (or_dash(&instance.edition)) } }
            div { dt { "Installation" } dd { (or_dash(&instance.installation_type)) } }
            div { dt { "First ping" } dd { (iso8601(instance.first_ping_at)) } }
            div { dt { "Last ping" } dd { (iso8601(instance.last_ping_at)) } }
            div { dt { "Pings" } dd { (count(instance.pings.unsigned_abs())) } }
            div { dt { "Licence" } dd { (or_dash(&instance.license_id)) } }
            div { dt { "Licence's last ping" } dd { (instance.license_ping_at.map_or("–".to_owned(), iso8601)) } }
        }
    }
}

fn score(instance: &Instance) -> Markup {
    html! {
        (wide_table("The instance's values of the DevOps score", &html! {
            thead { tr { th scope="col" { "Feature" } th.number scope="col" { "Value" } } }
            tbody {
                @for (feature, value) in Score::values(&instance.dev_ops) {
                    tr { th scope="row" { (feature) } td.number { (value.map_or("–".to_owned(), short)) } }
                }
            }
        }))
    }
}

fn text(payload: &str) -> Markup {
    let cut = payload.char_indices().nth(SHOWN).map_or(payload.len(), |(at, _)| at);
    let shown = payload.get(..cut).unwrap_or_default();
    html! {
        pre tabindex="0" role="region" aria-label="The payload's text" { code { (shown) } }
        @if cut < payload.len() { p.note { "This is its beginning; the download has all of it." } }
    }
}
