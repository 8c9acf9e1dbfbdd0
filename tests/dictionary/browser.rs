//! A headless Chromium that opens pages from files.

use std::path::Path;
use std::process::Command;

/// What stands in the page once its scripts have run. Panics where there is no Chromium: `scripts/test` installs one.
pub fn dom(page: &Path, hash: &str) -> String {
    let profile = tempfile::tempdir().expect("a folder");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--disable-dev-shm-usage", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}{hash}", page.display()))
        .env("HOME", profile.path())
        .output()
        .expect("chromium is installed (Debian's package `chromium`)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The text between `start` and `end`, which are both in the page.
pub fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let rest = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {page:.2000}"))
        .1;
    rest.split_once(end).expect("an end").0
}

/// The key paths of the rows that are shown, in their order.
pub fn shown(dom: &str) -> Vec<String> {
    let rows = dom.split("<li data-f=").skip(1);
    let visible = rows.filter(|row| !row.split('>').next().unwrap_or_default().contains("hidden"));
    visible.map(|row| between(row, ".html\">", "</a>").to_owned()).collect()
}
