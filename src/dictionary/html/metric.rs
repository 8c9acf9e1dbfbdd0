//! The page of one metric.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::frame::{self, Place};
use crate::dictionary::field::{fields, meaning};
use crate::dictionary::sql::in_lines;
use crate::dictionary::{Dictionary, MetricEntry};

/// What has a place in the site that can be linked.
pub(super) struct Known<'a> {
    metrics: BTreeSet<&'a str>,
    events: BTreeSet<&'a str>,
    classes: BTreeSet<&'a str>,
    written_for: String,
}

impl<'a> Known<'a> {
    pub fn of(dictionary: &'a Dictionary) -> Known<'a> {
        Known {
            metrics: dictionary.metrics.iter().map(|entry| entry.key_path.as_str()).collect(),
            events: dictionary.events.iter().map(|entry| entry.name.as_str()).collect(),
            classes: dictionary.classes.iter().map(|entry| entry.name.as_str()).collect(),
            written_for: dictionary.written_for.format("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }
}

/// Where the page of a metric stands, for ever: the key path with whatever a file's name or a URL may not hold spelt as its
/// bytes.
pub(super) fn path(key_path: &str) -> String {
    let mut path = String::from("metrics/");
    for byte in key_path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => path.push(char::from(byte)),
            other => path.push_str(&format!("~{other:02x}")),
        }
    }
    path + ".html"
}

pub(super) fn page(metric: &MetricEntry, known: &Known<'_>) -> String {
    let body = html! {
        p.back { a href="../index.html" { "← All metrics" } }
        h1.key { (metric.key_path) }
        @if metric.description.is_empty() { p.lead.missing { "Nobody has described this metric." } }
        @else { p.lead { (metric.description) } }
        (facts(metric))
        (measured(metric, known))
        (said(metric))
        (history(metric))
    };
    frame::page(
        Place::Metric,
        &format!("{} · Metrics dictionary", metric.key_path),
        &body,
    )
}

fn facts(metric: &MetricEntry) -> Markup {
    let owner = metric.owner.as_deref().unwrap_or("nobody named");
    html! {
        dl.facts {
            @for (field, label, value) in [
                ("status", "Status", metric.status),
                ("time_frame", "Window", metric.time_frame),
                ("data_source", "Source", metric.data_source),
                ("product_group", "Owner", owner),
            ] {
                div { dt title=(meaning(field)) { (label) } dd data-s=[(field == "status").then_some(value)] { (value) } }
            }
        }
    }
}

fn measured(metric: &MetricEntry, known: &Known<'_>) -> Markup {
    let measured = &metric.measured;
    html! {
        section {
            h2 { "How it is measured" }
            p { (measured.counts) " " (measured.window) }
            @for statement in &measured.statements {
                pre tabindex="0" { code { (in_lines(statement)) } }
            }
            @if !measured.statements.is_empty() {
                p.note { "Written for a run at " (known.written_for) "; a run reads it in batches." }
            }
            dl {
                (linked("Adds up", &measured.parts, |name| known.metrics.contains(name).then(|| format!("../{}", path(name)))))
                (linked("Events", &measured.events, |name| {
                    known.events.contains(name).then(|| format!("../events.html#{name}"))
                }))
                (linked("Class", &measured.classes, |name| {
                    known.classes.contains(name).then(|| format!("../classes.html#{name}"))
                }))
            }
        }
    }
}

/// A line of names, each a link where its page is known.
pub(super) fn linked(label: &str, names: &[String], to: impl Fn(&str) -> Option<String>) -> Markup {
    html! {
        @if !names.is_empty() {
            div {
                dt { (label) }
                dd.names {
                    @for name in names {
                        @if let Some(url) = to(name) { a href=(url) { code { (name) } } } @else { code { (name) } }
                        " "
                    }
                }
            }
        }
    }
}

fn said(metric: &MetricEntry) -> Markup {
    html! {
        section {
            h2 { "Definition" }
            dl {
                @for field in fields(metric) {
                    div { dt title=(field.meaning) { (field.label) } dd { (value(&field.value)) } }
                }
                div { dt { "File" } dd { code { (metric.file) } } }
            }
        }
    }
}

/// Addresses of the web are links; no other scheme is.
fn value(text: &str) -> Markup {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    html! {
        @if is_address { a href=(text) rel="noreferrer" { (text) } } @else { (text) }
    }
}

fn history(metric: &MetricEntry) -> Markup {
    html! {
        @if !metric.history.is_empty() {
            section {
                h2 { "Changes of the definition" }
                ul.history {
                    @for change in &metric.history {
                        li { time datetime=(change.date) { (change.date) } " " (change.subject) " " code { (change.commit) } }
                    }
                }
            }
        }
    }
}
