//! What definitions say is text, wherever it lands.

use crate::browser::{between, dom};
use crate::support::cli::Cli;
use crate::{metric, read};

const HOSTILE: &str =
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> `&` *x* [y](z)";

fn hostile() -> Cli {
    let cli = Cli::new();
    let quoted = serde_json::Value::from(HOSTILE);
    let more = format!(
        "description: {quoted}\nproduct_group: {quoted}\nintroduced_by_url: \"javascript:document.title='owned'\"\n"
    );
    metric(&cli, "a", "counts.<b>\"'&/%2f", &more);
    cli
}

#[test]
fn in_the_site() {
    let cli = hostile();
    cli.run(&["dictionary", "--format", "html", "--output", "site"])
        .expect_code(0);
    let site = cli.folder().join("site");
    let pages: Vec<_> = std::fs::read_dir(site.join("metrics"))
        .expect("pages")
        .map(|page| page.expect("a page"))
        .collect();
    assert_eq!(pages.len(), 1);
    let name = pages[0].file_name().into_string().expect("a name");
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric() || "._-~".contains(c)),
        "{name}"
    );
    for page in [site.join("index.html"), pages[0].path()] {
        let dom = dom(&page, "#q=onerror");
        assert!(
            !between(&dom, "<title>", "</title>").contains("owned"),
            "{}",
            page.display()
        );
        assert!(!dom.contains("<img"), "{}", page.display());
        assert!(
            dom.contains("&lt;/script&gt;&lt;script&gt;document.title='owned'"),
            "{}",
            page.display()
        );
        assert!(!dom.contains("href=\"javascript:"), "{}", page.display());
    }
}

#[test]
fn in_markdown() {
    let cli = hostile();
    let text = cli.run(&["dictionary", "--format", "markdown"]).expect_code(0).stdout;
    let prose = text
        .lines()
        .find(|line| line.contains("onerror"))
        .expect("the description");
    assert!(
        !prose.contains('<') && prose.contains(r"\`&amp;\` \*x\* \[y\](z)"),
        "{prose}"
    );
    let anchor = text.lines().find(|line| line.starts_with("<a id=")).expect("an anchor");
    assert!(!anchor.contains("<b>"), "{anchor}");
}

#[test]
fn the_site_asks_nobody_for_anything() {
    let cli = hostile();
    cli.run(&["dictionary", "--format", "html", "--output", "site"])
        .expect_code(0);
    let site = cli.folder().join("site");
    for name in [
        "index.html",
        "events.html",
        "classes.html",
        "aggregates.html",
        "style.css",
        "search.js",
    ] {
        let text = read(&site, name);
        assert!(!text.contains("://") && !text.contains("@import"), "{name}");
    }
}
