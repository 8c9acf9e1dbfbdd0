//! What all pages have: head, way around, foot.

use maud::{DOCTYPE, Markup, html};

/// Where a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Index,
    Events,
    Classes,
    Aggregates,
    /// One folder down.
    Metric,
}

impl Place {
    /// The way from here to the site's folder.
    fn root(self) -> &'static str {
        if self == Place::Metric { "../" } else { "" }
    }
}

const AROUND: [(Place, &str, &str); 4] = [
    (Place::Index, "index.html", "Metrics"),
    (Place::Events, "events.html", "Events"),
    (Place::Classes, "classes.html", "Classes"),
    (Place::Aggregates, "aggregates.html", "Aggregates"),
];

pub(super) fn page(place: Place, title: &str, body: &Markup) -> String {
    let root = place.root();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="service-ping";
                title { (title) }
                link rel="stylesheet" href={ (root) "style.css" };
                // An icon of no bytes: a browser would ask for one.
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href={ (root) "index.html" } { "Metrics dictionary" }
                    nav aria-label="Parts of the dictionary" {
                        @for (there, file, name) in AROUND {
                            a href={ (root) (file) } aria-current=[(there == place).then_some("page")] { (name) }
                        }
                    }
                }
                main #main { (body) }
                footer { "Made by " code { "service-ping dictionary" } " from the definitions." }
            }
        }
    };
    markup.into_string()
}
