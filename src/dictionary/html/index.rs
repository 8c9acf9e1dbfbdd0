//! The list of all metrics, with search and filters.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::frame::{self, Place};
use super::metric::path;
use crate::dictionary::{Dictionary, MetricEntry};

/// What the list can be narrowed by: the name in the URL, what people call it, and where an entry has it.
type Filter = (&'static str, &'static str, fn(&MetricEntry) -> &str);

const FILTERS: [Filter; 5] = [
    ("status", "Status", |metric| metric.status),
    ("source", "Source", |metric| metric.data_source),
    ("window", "Window", |metric| metric.time_frame),
    ("category", "Category", |metric| metric.data_category),
    ("owner", "Owner", |metric| metric.owner.as_deref().unwrap_or_default()),
];

pub(super) fn page(dictionary: &Dictionary) -> String {
    let metrics = &dictionary.metrics;
    let body = html! {
        h1 { "Metrics dictionary" }
        p.lead { (metrics.len()) " metrics: what each measures, how, and who owns it." }
        (form(metrics))
        p #count .count role="status" aria-live="polite" { (metrics.len()) " metrics" }
        ol #metrics .metrics aria-label="Metrics" {
            @for metric in metrics { (row(metric)) }
        }
        p #none .none hidden { "No metric matches. " button #clear type="button" { "Show all" } }
        script src="search-text.js" defer {}
        script src="search.js" defer {}
    };
    frame::page(Place::Index, "Metrics dictionary", &body)
}

/// Shown where scripts run, because without them it would do nothing.
fn form(metrics: &[MetricEntry]) -> Markup {
    html! {
        form #search .search role="search" hidden {
            label.wide {
                span { "Search" kbd title="The key / goes to the search" { "/" } }
                input #q type="search" autocomplete="off" spellcheck="false" aria-controls="metrics"
                    placeholder="key, description, SQL, event, owner";
            }
            @for (name, label, of) in FILTERS {
                label {
                    span { (label) }
                    select name=(name) aria-controls="metrics" {
                        option value="" { "all" }
                        @for (value, count) in counted(metrics, of) {
                            option value=(value) { (shown(value)) " (" (count) ")" }
                        }
                    }
                }
            }
        }
    }
}

/// Each value with the number of metrics that have it.
fn counted(metrics: &[MetricEntry], of: fn(&MetricEntry) -> &str) -> BTreeMap<&str, usize> {
    let mut values = BTreeMap::new();
    for metric in metrics {
        *values.entry(of(metric)).or_default() += 1;
    }
    // What nobody says is chosen by `-`, because the empty value means all.
    if let Some(count) = values.remove("") {
        values.insert("-", count);
    }
    values
}

fn shown(value: &str) -> &str {
    if value == "-" { "nobody named" } else { value }
}

fn row(metric: &MetricEntry) -> Markup {
    let owner = metric.owner.as_deref().unwrap_or("-");
    html! {
        li data-f={
            (metric.status) "\t" (metric.data_source) "\t" (metric.time_frame) "\t" (metric.data_category) "\t" (owner)
        } {
            a href=(path(&metric.key_path)) { (metric.key_path) }
            p { (metric.description) }
            span.tags {
                @if metric.status != "active" { span.tag data-s=(metric.status) { (metric.status) } " " }
                span.tag { (window(metric.time_frame)) } " " span.tag { (metric.data_source) }
                @if let Some(owner) = &metric.owner { " " span.tag.owner { (owner) } }
            }
        }
    }
}

/// A window as it reads without a heading.
fn window(time_frame: &str) -> &str {
    match time_frame {
        "all" => "all time",
        "none" => "present",
        other => other,
    }
}
