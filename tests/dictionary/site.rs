//! The site as files: every link leads somewhere, and nobody's folder is overwritten.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::support::cli::Cli;
use crate::{metric, shipped};

fn pages(site: &Path) -> BTreeMap<PathBuf, String> {
    let files = walkdir::WalkDir::new(site)
        .into_iter()
        .map(|entry| entry.expect("an entry").into_path());
    let pages = files.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    pages
        .map(|path| (path.clone(), std::fs::read_to_string(path).expect("a page")))
        .collect()
}

fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let cli = Cli::new();
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
    let pages = pages(&cli.folder().join("site"));
    let anchors: BTreeMap<&PathBuf, BTreeSet<&str>> = pages
        .iter()
        .map(|(path, page)| (path, attributes(page, "id").into_iter().collect()))
        .collect();
    let mut followed = 0;
    for (path, page) in &pages {
        for link in attributes(page, "href")
            .into_iter()
            .filter(|link| !link.contains("://") && !link.starts_with("data:"))
        {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.parent().expect("a folder").join(file)
            };
            let target = target
                .canonicalize()
                .unwrap_or_else(|_| panic!("{} links {link}", path.display()));
            let known = anchors
                .iter()
                .find(|(path, _)| path.canonicalize().is_ok_and(|path| path == target));
            if !anchor.is_empty() {
                assert!(
                    known.is_some_and(|(_, ids)| ids.contains(anchor)),
                    "{} links {link}",
                    path.display()
                );
            }
            followed += 1;
        }
        let ids = attributes(page, "id");
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "{} has an id twice",
            path.display()
        );
    }
    assert!(followed > 4000, "{followed}");
}

#[test]
fn a_site_takes_the_place_of_its_last_one_and_of_nothing_else() {
    let cli = Cli::new();
    let html = ["dictionary", "--format", "html", "--output", "site"];
    metric(&cli, "a", "counts.a", "description: A\n");
    metric(&cli, "b", "counts.b", "description: B\n");
    cli.run(&html).expect_code(0);
    std::fs::remove_file(cli.folder().join("metrics/b.yml")).expect("removed");
    cli.run(&html).expect_code(0);
    assert!(cli.folder().join("site/metrics/counts.a.html").is_file());
    assert!(!cli.folder().join("site/metrics/counts.b.html").exists());
    cli.write("mine/diary.txt", "dear diary");
    let refused = cli
        .run(&["dictionary", "--format", "html", "--output", "mine"])
        .expect_code(2);
    assert!(
        refused.stderr.contains("mine holds something else than a dictionary"),
        "{}",
        refused.stderr
    );
    assert_eq!(cli.read("mine/diary.txt"), "dear diary");
    let nowhere = cli.run(&["dictionary", "--format", "html"]).expect_code(2);
    assert!(nowhere.stderr.contains("name it with --output"), "{}", nowhere.stderr);
    let mut left: Vec<_> = std::fs::read_dir(cli.folder())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["metrics", "mine", "site"]);
}
