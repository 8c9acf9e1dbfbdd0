//! Tables that may be wider than a page.

use maud::{Markup, html};

/// A table under its caption: where it is wider than the page it scrolls by itself, by keyboard as well. `rows` are its
/// head and its body.
pub fn wide_table(caption: &str, rows: &Markup) -> Markup {
    html! {
        div.wide role="region" aria-label=(caption) tabindex="0" {
            table { caption { (caption) } (rows) }
        }
    }
}
