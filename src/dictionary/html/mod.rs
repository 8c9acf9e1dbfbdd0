//! The dictionary as a static site: pages that work from a file, without a server and without JavaScript; with it, the list
//! can be searched and filtered.

mod frame;
mod index;
mod lists;
mod metric;
mod search;

use super::Dictionary;

/// A file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Relative to the site's folder, with `/`.
    pub path: String,
    pub content: String,
}

impl Page {
    fn new(path: impl Into<String>, content: impl Into<String>) -> Page {
        Page {
            path: path.into(),
            content: content.into(),
        }
    }
}

/// All files of the site: `index.html`, a page a metric under `metrics/`, one page each of events, classes and aggregates,
/// and what they look like and search with.
pub fn site(dictionary: &Dictionary) -> Vec<Page> {
    let mut pages = vec![
        Page::new("index.html", index::page(dictionary)),
        Page::new("events.html", lists::events(dictionary)),
        Page::new("classes.html", lists::classes(dictionary)),
        Page::new("aggregates.html", lists::aggregates(dictionary)),
        Page::new("style.css", include_str!("style.css")),
        Page::new("search.js", include_str!("search.js")),
        Page::new("search-text.js", search::text(dictionary)),
    ];
    let known = metric::Known::of(dictionary);
    pages.extend(
        dictionary
            .metrics
            .iter()
            .map(|entry| Page::new(metric::path(&entry.key_path), metric::page(entry, &known))),
    );
    pages
}
