//! Search and filters, in the browser.

use std::path::PathBuf;

use serde_json::Value;

use crate::browser::{between, dom, shown};
use crate::support::cli::Cli;
use crate::{entries, metric, shipped};

fn site(cli: &Cli) -> PathBuf {
    cli.run(&[
        "dictionary",
        "--definitions",
        shipped(),
        "--format",
        "html",
        "--output",
        "site",
    ])
    .expect_code(0);
    cli.folder().join("site/index.html")
}

fn said(entry: &Value) -> String {
    let lists = ["statements", "events_counted"]
        .iter()
        .flat_map(|field| entry[*field].as_array().into_iter().flatten());
    let lists: Vec<&str> = lists.filter_map(Value::as_str).collect();
    let texts = ["key_path", "description", "product_group", "instrumentation_class"]
        .map(|field| entry[field].as_str().unwrap_or_default());
    (texts.join("\n") + "\n" + &lists.join("\n").replace('"', "")).to_lowercase()
}

/// The key paths that match, by the YAML dictionary.
fn wanted(entries: &[Value], words: &[&str], filter: impl Fn(&Value) -> bool) -> Vec<String> {
    let matching = entries
        .iter()
        .filter(|entry| words.iter().all(|word| said(entry).contains(word)) && filter(entry));
    matching
        .map(|entry| entry["key_path"].as_str().expect("a key").to_owned())
        .collect()
}

#[test]
fn a_linked_search_shows_what_matches() {
    let cli = Cli::new();
    let page = site(&cli);
    let entries = entries(&cli, &["--definitions", shipped()]);
    let cases: [(&str, Vec<String>); 6] = [
        ("", wanted(&entries, &[], |_| true)),
        ("#q=snippets", wanted(&entries, &["snippets"], |_| true)),
        // Words of the SQL, in any case and order; quotes of names are not looked at.
        (
            "#q=%22issues%22.%22weight%22+AVG(",
            wanted(&entries, &["issues.weight", "avg("], |_| true),
        ),
        (
            "#window=28d&source=database",
            wanted(&entries, &[], |entry| {
                entry["time_frame"] == "28d" && entry["data_source"] == "database"
            }),
        ),
        (
            "#q=users&owner=code_review",
            wanted(&entries, &["users"], |entry| entry["product_group"] == "code_review"),
        ),
        (
            "#category=operational",
            wanted(&entries, &[], |entry| entry["data_category"] == "operational"),
        ),
    ];
    for (hash, wanted) in cases {
        let dom = dom(&page, hash);
        assert_eq!(shown(&dom), wanted, "{hash}");
        let count = between(&dom, "id=\"count\"", "</p>");
        assert!(count.contains(&format!("{}", wanted.len())), "{hash}: {count}");
    }
}

#[test]
fn nothing_found_is_said_and_a_value_that_there_is_none_of_is_not_heeded() {
    let cli = Cli::new();
    let page = site(&cli);
    let nothing = dom(&page, "#q=there-is-no-such-thing");
    assert_eq!(shown(&nothing), Vec::<String>::new());
    assert!(!between(&nothing, "id=\"none\"", ">").contains("hidden"));
    let all = dom(&page, "#status=nonsense");
    assert!(shown(&all).len() > 400);
    assert!(between(&all, "id=\"none\"", ">").contains("hidden"));
}

#[test]
fn keys_lead_through_the_list() {
    let cli = Cli::new();
    let page = site(&cli);
    let probe = "
        const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
        const here = () => document.activeElement.id || document.activeElement.textContent;
        const seen = [];
        press('/'); seen.push(here());
        document.activeElement.value = 'snippets';
        document.activeElement.dispatchEvent(new InputEvent('input', { bubbles: true }));
        seen.push(location.hash);
        press('ArrowDown'); seen.push(here());
        press('ArrowDown'); seen.push(here());
        press('ArrowUp'); press('ArrowUp'); seen.push(here());
        let opened = ''; document.addEventListener('click', (event) => { opened = event.target.textContent; event.preventDefault(); });
        press('Enter'); seen.push(opened);
        press('Escape'); seen.push(location.hash + '|' + document.getElementById('q').value);
        document.title = JSON.stringify(seen);";
    cli.write("site/probe.js", probe);
    let text = cli
        .read("site/index.html")
        .replace("</main>", "<script src=\"probe.js\" defer></script></main>");
    let probed = cli.write("site/probe.html", &text);
    let title = between(&dom(&probed, ""), "<title>", "</title>").to_owned();
    let seen: Vec<String> = serde_json::from_str(&title).expect("what the probe saw");
    let found = shown(&dom(&page, "#q=snippets"));
    let wanted = ["q", "#q=snippets", &found[0], &found[1], "q", &found[0], "|"];
    assert_eq!(seen, wanted);
}

#[test]
fn the_list_is_there_without_scripts() {
    let cli = Cli::new();
    let page = site(&cli);
    let text = std::fs::read_to_string(page).expect("a page");
    assert!(shown(&text).len() > 400, "all rows are shown as the page comes");
    assert!(
        between(&text, "id=\"search\"", ">").contains("hidden"),
        "no form that does nothing"
    );
}

#[test]
fn thousands_of_metrics_are_searched() {
    let cli = Cli::new();
    for number in 0..3200 {
        let more = format!(
            "description: Number {number} of many\nproduct_group: group_{}\n",
            number % 7
        );
        metric(&cli, &format!("m{number}"), &format!("counts.m{number}"), &more);
    }
    cli.run(&["dictionary", "--format", "html", "--output", "site"])
        .expect_code(0);
    let page = cli.folder().join("site/index.html");
    assert_eq!(shown(&dom(&page, "#q=many")).len(), 3200);
    assert_eq!(
        shown(&dom(&page, "#q=counts.m31&owner=group_3")).len(),
        (0..3200)
            .filter(|number| number % 7 == 3 && number.to_string().starts_with("31"))
            .count()
    );
    let size = std::fs::metadata(&page).expect("a page").len();
    assert!(size < 2_000_000, "{size} bytes");
}
