//! The pages of `serve` as people have them: in a headless Chromium, by mouse and by keyboard, light and dark, wide and
//! narrow, on paper and without scripts. What is clicked and looked at stands in the scripts of tests/browser/*.mjs.
//!
//! Where node, Chromium, playwright-core or axe-core are missing these tests fail; scripts/test installs them.

#[path = "browser/grown.rs"]
mod grown;
#[path = "browser/helper.rs"]
mod helper;
#[path = "browser/pages.rs"]
mod pages;
#[path = "browser/script.rs"]
mod script;
#[path = "browser/serving.rs"]
mod serving;

mod support;
