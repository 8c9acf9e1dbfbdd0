//! The dictionary: every metric, searched.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::look::{Look, failed, page};
use super::payload::parameter;
use crate::dictionary::{Dictionary, MetricEntry};
use crate::server::answer::ApiError;
use crate::server::shared::Shared;

const HERE: &str = "/dictionary";

/// What a metric says in one field.
type Field = fn(&MetricEntry) -> &'static str;

/// The fields that filter, with their names.
const FILTERS: [(&str, &str, Field); 4] = [
    ("status", "Status", |metric| metric.status),
    ("time_frame", "Time frame", |metric| metric.time_frame),
    ("data_source", "Source", |metric| metric.data_source),
    ("data_category", "Category", |metric| metric.data_category),
];

pub(super) async fn dictionary(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let look = match Look::at(&shared, &parts).await {
        Ok(look) => look,
        Err(answer) => return answer,
    };
    let dictionary = match shared.sight.engine.dictionary().await {
        Ok(dictionary) => dictionary,
        Err(error) => return failed(&look, HERE, &ApiError::unavailable(&error.0)),
    };
    let search = parameter(&parts, "q").unwrap_or_default();
    let chosen = FILTERS.map(|(name, _, _)| parameter(&parts, name).unwrap_or_default());
    page(
        &look,
        StatusCode::OK,
        HERE,
        "Dictionary",
        None,
        &body(&dictionary, &search, &chosen),
    )
}

fn body(dictionary: &Dictionary, search: &str, chosen: &[String; 4]) -> Markup {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |metric: &&MetricEntry| {
        let text = format!("{} {}", metric.key_path, metric.description).to_lowercase();
        let of_choice = FILTERS.iter().zip(chosen);
        let is_chosen = of_choice
            .into_iter()
            .all(|((_, _, field), wanted)| wanted.is_empty() || field(metric) == wanted);
        is_chosen && words.iter().all(|word| text.contains(word.as_str()))
    };
    let found: Vec<&MetricEntry> = dictionary.metrics.iter().filter(fits).collect();
    html! {
        h1 { "Dictionary" }
        p.lead { "What each metric says, and how it is measured." }
        form.row role="search" method="get" action="/dictionary" {
            label { "Search" input type="search" name="q" value=(search) data-narrows="metrics" autocomplete="off"; }
            @for ((name, label, field), wanted) in FILTERS.iter().zip(chosen) {
                label { (label) select name=(name) {
                    option value="" { "any" }
                    @for choice in choices(dictionary, *field) {
                        option value=(choice) selected[choice == wanted] { (choice) }
                    }
                } }
            }
            button { "Search" }
        }
        p.note role="status" #metrics-count data-of=(dictionary.metrics.len()) { (found.len()) " of " (dictionary.metrics.len()) }
        ul.plain #metrics {
            @for metric in found {
                li {
                    a href={ "/dictionary/" (metric.key_path) } { code { (metric.key_path) } } " "
                    @if metric.status != "active" { span.tag.warn { (metric.status) } " " }
                    span.tag { (metric.data_source) } " " span.tag { (metric.time_frame) }
                    p.note { (metric.description) }
                }
            }
        }
    }
}

fn choices(dictionary: &Dictionary, field: Field) -> Vec<&'static str> {
    let mut choices: Vec<&str> = dictionary.metrics.iter().map(field).collect();
    choices.sort_unstable();
    choices.dedup();
    choices
}
