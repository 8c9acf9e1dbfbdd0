//! What stands around the content of every page: head, way around, foot.

use maud::{DOCTYPE, Markup, html};

use super::asset::{SCRIPT, STYLE};

/// A place to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    pub href: &'a str,
    pub name: &'a str,
}

/// The page above this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    pub href: String,
    pub name: String,
}

/// What is the same on all pages of a site.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// What the site calls itself.
    pub brand: &'a str,
    pub around: &'a [Link<'a>],
    /// Who is signed in, or where one signs in.
    pub account: Option<Markup>,
    pub foot: Markup,
    /// What scripts send along with what they post, if anybody is signed in.
    pub csrf: Option<&'a str>,
}

impl Frame<'_> {
    /// The page's text. `here` is the address of the part that it belongs to.
    pub fn page(&self, here: &str, title: &str, above: Option<&Crumb>, body: &Markup) -> String {
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(csrf) = self.csrf { meta name="csrf-token" content=(csrf); }
                    title { (title) " · " (self.brand) }
                    link rel="stylesheet" href=(STYLE.address());
                    // An icon of no bytes: a browser would ask for one.
                    link rel="icon" href="data:,";
                    script src=(SCRIPT.address()) defer {}
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header.top {
                        a.brand href="/" { (self.brand) }
                        nav aria-label="Parts of the site" {
                            @for link in self.around {
                                a href=(link.href) aria-current=[(link.href == here).then_some("page")] { (link.name) }
                            }
                        }
                        @if let Some(account) = &self.account { div.account { (account) } }
                    }
                    main #main tabindex="-1" {
                        @if let Some(above) = above {
                            p.back { a href=(above.href) { "← " (above.name) } }
                        }
                        (body)
                    }
                    footer { (self.foot) }
                }
            }
        };
        markup.into_string()
    }
}
