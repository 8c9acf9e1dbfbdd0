//! Whatever a file holds, reading it ends, never panics, and says something true.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use service_ping::definition::{DerivedSettings, Loaded, derived, findings, load};

fn loaded(folder: &str, bytes: &[u8]) -> Loaded {
    let root = tempfile::tempdir().expect("a folder");
    let metrics = root.path().join("metrics").join(folder);
    fs::create_dir_all(&metrics).expect("a folder");
    fs::write(metrics.join("file.yml"), bytes).expect("a file");
    load(root.path()).expect("a folder")
}

/// One file of events or aggregates.
fn of_events(folder: &str, bytes: &[u8]) -> Loaded {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir(root.path().join("metrics")).expect("a folder");
    fs::create_dir(root.path().join(folder)).expect("a folder");
    fs::write(root.path().join(folder).join("file.yml"), bytes).expect("a file");
    load(root.path()).expect("a folder")
}

/// Lines that are nearly a list of events or aggregates, or an event.
fn nearly_events() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "- name: users_reading",
        "- name: union",
        "- &a {name: b, aggregation: weekly}",
        "- *a",
        "-",
        "- - x",
        "  <<: *a",
        "  category: users",
        "  redis_slot: users",
        "  redis_slot: [",
        "  aggregation: daily",
        "  aggregation: 5",
        "  expiry: 99999999999",
        "  feature_flag:",
        "  operator: AND",
        "  source: mixed",
        "  time_frame: [7d, all]",
        "  time_frame: 7d",
        "  events: [users_reading, b]",
        "  events: é",
        "action: open",
        "description: d",
        "internal_events: true",
        "identifiers: [user]",
        "additional_properties: {label: , x: {description: y}}",
        "# nothing",
        "]",
    ]);
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n") + "\n")
}

/// What holds for every file: it gives definitions or an error, and every problem can be shown.
fn is_sound(loaded: &Loaded, root_has_metric: bool) -> Result<(), TestCaseError> {
    if root_has_metric {
        prop_assert!(loaded.has_errors() != loaded.invalid.is_empty());
        prop_assert!(loaded.has_errors() == loaded.catalog.metrics.is_empty());
    } else {
        prop_assert!(loaded.has_errors() == loaded.catalog.classes.is_empty());
    }
    for problem in loaded
        .problems
        .iter()
        .take(3)
        .chain(&findings(&loaded.catalog, &|_| false))
    {
        prop_assert!(problem.source.text.get(problem.span.clone()).is_some());
        prop_assert!(problem.to_human(false, 80).contains(&problem.code.to_string()));
        prop_assert!(problem.to_github().lines().count() == 1);
        prop_assert!(problem.to_json().is_object());
    }
    Ok(())
}

/// Lines that are nearly a metric or a class.
fn nearly() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        prop::sample::select(vec![
            "key_path",
            "description",
            "value_type",
            "status",
            "time_frame",
            "data_source",
            "instrumentation_class",
            "options",
            "events",
            "tiers",
            "milestone",
            "fallback",
            "class",
            "operation",
            "relation",
            "column",
            "buckets",
            "parameters",
            "start",
            "primary_key",
            "<<",
            "statuss",
        ])
        .prop_map(str::to_owned),
        "[a-zé:'\"&*]{0,6}",
    ];
    let value = prop_oneof![
        prop::sample::select(vec![
            "counts.issues",
            "number",
            "active",
            "all",
            "[7d, 28d]",
            "database",
            "DatabaseMetric",
            "internal_events",
            "&a [1, 2]",
            "*a",
            "&m {status: active}",
            "*m",
            "count",
            "issues WHERE a = :b",
            "\"issues ==\"",
            "'it''s'",
            "{b: {type: string}}",
            "",
            "null",
            "~",
            "12",
            "[",
            "|",
            ">-\n  issues\n  WHERE = é",
            "!!str 1",
            "!x y",
            ".inf",
            "[{name: a, unique: user.id}]",
            "2026-01-01",
            "- a",
            "{operation: count, relation: issues é = = 1}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ];
    prop::collection::vec((key, value), 0..14).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(key, value)| format!("{key}: {value}\n"))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_is_read_or_refused(text in nearly()) {
        is_sound(&loaded("", text.as_bytes()), true)?;
        is_sound(&loaded("instrumentations", text.as_bytes()), false)?;
    }

    #[test]
    fn any_text_of_events_is_read_or_refused(text in nearly_events()) {
        for folder in ["known_events", "events", "aggregated_metrics"] {
            let loaded = of_events(folder, text.as_bytes());
            let catalog = &loaded.catalog;
            let settings = DerivedSettings { categories_for_totals: BTreeSet::from(["users".to_owned()]), flag: &|_| true };
            let metrics = derived(catalog, &settings);
            let paths: BTreeSet<_> = metrics.iter().map(|metric| &metric.key_path).collect();
            prop_assert_eq!(paths.len(), metrics.len());
            prop_assert!(loaded.has_errors() != loaded.invalid.is_empty(), "{:?}", loaded.problems);
            for problem in loaded.problems.iter().chain(&findings(catalog, &|_| false)) {
                prop_assert!(problem.to_human(false, 80).contains(&problem.code.to_string()));
            }
        }
    }

    #[test]
    fn any_bytes_of_events_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for folder in ["known_events", "events", "aggregated_metrics"] {
            of_events(folder, &bytes);
        }
    }

    /// A flow list may close anywhere: nothing but the place of its bracket is another.
    #[test]
    fn brackets_may_stand_at_the_left(indent in 0..8usize, deeper in 1..5usize, note in "[ -~é]{0,8}") {
        let pad = " ".repeat(indent);
        let text = format!("- name: union # {note}\n  operator: OR\n  source: redis\n  time_frame: [7d]\n  events: [\n{}a,\n{pad}]\n- x: é\n", " ".repeat(deeper + 2));
        let loaded = of_events("aggregated_metrics", text.as_bytes());
        prop_assert_eq!(loaded.catalog.aggregates.len(), 1);
        prop_assert_eq!(&loaded.catalog.aggregates[0].events, &["a"]);
        let unknown = loaded.problems.iter().find(|problem| problem.code.as_str() == "unknown_field").expect("x");
        prop_assert_eq!(&unknown.source.text[unknown.span.clone()], "x");
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        is_sound(&loaded("", &bytes), true)?;
    }

    #[test]
    fn any_yaml_indicators_are_read_or_refused(text in "[\\[\\]{}:,#&*!|>'\"%@`?\\- \n\ta\u{feff}é]{0,60}") {
        is_sound(&loaded("", text.as_bytes()), true)?;
    }

    /// An error in a relation is pointed at exactly, however the scalar is written.
    #[test]
    fn the_place_of_a_bad_relation_is_exact(
        before in "(a|b1|é = 'x' AND|c <> 2 AND|\"D\" IS NULL AND){1,3}", style in 0..5usize, indent in 1..6usize,
    ) {
        let sql = format!("issues WHERE {} zeta = ] 1", before.replace("AND", "AND "));
        let pad = " ".repeat(indent);
        let scalar = match style {
            0 => format!("'{}'", sql.replace('\'', "''")),
            1 => format!("\"{}\"", sql.replace('"', "\\\"")),
            2 => format!("|\n{pad}{}", sql.replace(" zeta", &format!("\n{pad}  zeta"))),
            3 => format!(">-\n{pad}{}", sql.replace(" zeta", &format!("\n{pad}zeta"))),
            _ => sql.clone(),
        };
        let loaded = loaded("instrumentations", format!("class: C\noperation: count\nrelation: {scalar}\n").as_bytes());
        prop_assert_eq!(loaded.problems.len(), 1);
        let problem = &loaded.problems[0];
        prop_assert_eq!(problem.code.as_str(), "bad_relation");
        let found = &problem.source.text[problem.span.clone()];
        prop_assert!(found.len() < sql.len(), "the whole scalar: {}", problem.to_human(false, 80));
        let places: Vec<&str> = vec!["]", "é", "a", "b1", "c", "\"D", "=", "zeta"];
        prop_assert!(places.iter().any(|place| found.starts_with(place)), "{}", problem.to_human(false, 80));
    }
}

#[test]
fn bombs_end() {
    let mut laughs = "a0: &a0 x\n".to_owned();
    for level in 1..60 {
        laughs.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 9].join(", ")
        ));
    }
    let merges = (1..40).fold("a0: &a0 {x: 1}\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} {{<<: [*a{0}, *a{0}], y{level}: 1}}\n", level - 1)
    });
    let bombs = [
        laughs,
        merges,
        "[".repeat(200_000),
        "{".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
        "&a ".repeat(50_000),
        format!("key_path: {}", "a.".repeat(20_000)),
        "!".repeat(100_000),
        format!("'{}", "''".repeat(100_000)),
    ];
    for bomb in bombs {
        let loaded = loaded("", bomb.as_bytes());
        assert!(loaded.has_errors());
        for problem in &loaded.problems {
            assert!(problem.span.end <= problem.source.text.len());
        }
    }
}

#[test]
fn a_file_of_any_size_is_answered_at_once() {
    let loaded = loaded("", format!("key_path: {}", "a.".repeat(2_000_000)).as_bytes());
    assert_eq!(loaded.problems.len(), 1);
    assert_eq!(loaded.problems[0].code.as_str(), "unreadable_file");
    assert!(loaded.problems[0].to_human(false, 80).contains("256 KiB"));
}

#[test]
fn a_mounted_folder_of_links_is_read_once() {
    let root = tempfile::tempdir().expect("a folder");
    let metrics = root.path().join("metrics");
    let data = metrics.join("..2026_11_21");
    fs::create_dir_all(&data).expect("a folder");
    let text =
        "key_path: uuid\ndescription: u\nvalue_type: string\nstatus: active\ntime_frame: none\ndata_source: system\n";
    fs::write(data.join("uuid.yml"), text).expect("a file");
    link(Path::new("..2026_11_21"), &metrics.join("..data"));
    link(Path::new("..data/uuid.yml"), &metrics.join("uuid.yml"));
    let loaded = load(root.path()).expect("a folder");
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.catalog.metrics.len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_of_that_file() {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join("metrics")).expect("a folder");
    link(Path::new("nowhere.yml"), &root.path().join("metrics/lost.yml"));
    let loaded = load(root.path()).expect("the folder itself is sound");
    assert_eq!(loaded.problems[0].code.as_str(), "unreadable_file");
    assert!(loaded.problems[0].to_human(false, 80).contains("lost.yml"));
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) {
    std::os::unix::fs::symlink(target, link).expect("a link");
}
