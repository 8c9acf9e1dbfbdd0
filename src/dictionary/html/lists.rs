//! The pages of events, classes and aggregates: one each, with an anchor an entry.

use maud::{Markup, html};

use super::frame::{self, Place};
use super::metric::{linked, path};
use crate::dictionary::{AggregateEntry, ClassEntry, Dictionary, EventEntry};

pub(super) fn events(dictionary: &Dictionary) -> String {
    let entries = dictionary.events.iter().map(of_event).collect();
    page(
        Place::Events,
        "Events",
        "What the product tracks, and which metrics count it.",
        entries,
    )
}

pub(super) fn classes(dictionary: &Dictionary) -> String {
    let entries = dictionary.classes.iter().map(of_class).collect();
    page(
        Place::Classes,
        "Classes",
        "The ways to measure that the definitions declare.",
        entries,
    )
}

pub(super) fn aggregates(dictionary: &Dictionary) -> String {
    let entries = dictionary.aggregates.iter().map(of_aggregate).collect();
    page(
        Place::Aggregates,
        "Aggregates",
        "Who did any, or all, of several things.",
        entries,
    )
}

fn page(place: Place, title: &str, lead: &str, entries: Vec<Markup>) -> String {
    let body = html! {
        h1 { (title) }
        p.lead { (lead) }
        @if entries.is_empty() { p.none { "There are none." } }
        @for entry in &entries { (entry) }
    };
    frame::page(place, &format!("{title} · Metrics dictionary"), &body)
}

fn entry(name: &str, description: Option<&str>, removed: bool, facts: &Markup) -> Markup {
    html! {
        section.entry id=(name) {
            h2.key { a href={ "#" (name) } { (name) } @if removed { " " span.tag data-s="removed" { "removed" } } }
            @if let Some(description) = description { p { (description) } }
            dl { (facts) }
        }
    }
}

fn fact(label: &str, value: &str) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

fn used(label: &str, key_paths: &[String]) -> Markup {
    html! {
        @if key_paths.is_empty() { (fact(label, "no metric")) }
        @else { (linked(label, key_paths, |key_path| Some(path(key_path)))) }
    }
}

fn of_event(event: &EventEntry) -> Markup {
    let facts = html! {
        @for (name, value) in &event.remarks { (fact(name, value)) }
        @for (name, meaning) in &event.properties {
            div { dt { "property " code { (name) } } dd { (meaning.as_deref().unwrap_or("no description")) } }
        }
        @if let Some(file) = &event.file { (fact("file", file)) }
        (used("counted by", &event.used_by))
    };
    entry(&event.name, event.description.as_deref(), event.removed, &facts)
}

fn of_class(class: &ClassEntry) -> Markup {
    let facts = html! {
        @for (name, kind) in &class.parameters {
            div { dt { "option " code { (name) } } dd { (kind) } }
        }
        (fact("file", &class.file))
        (used("measures", &class.used_by))
    };
    entry(&class.name, class.description.as_deref(), false, &facts)
}

fn of_aggregate(aggregate: &AggregateEntry) -> Markup {
    let facts = html! {
        (fact("operator", aggregate.operator))
        (fact("source", aggregate.source))
        (fact("time frames", &aggregate.time_frames.join(", ")))
        (linked("sets", &aggregate.events, |_| None))
        @if let Some(flag) = &aggregate.feature_flag { (fact("feature flag", flag)) }
        (fact("file", &aggregate.file))
        (used("metrics", &aggregate.used_by))
    };
    entry(&aggregate.name, aggregate.description.as_deref(), false, &facts)
}
