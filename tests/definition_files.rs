//! Good and bad definition folders: good ones give no problem, bad ones give exactly the diagnostics beside them.
//!
//! `SERVICE_PING_UPDATE=1` rewrites the expected diagnostics; read the difference before it is committed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use service_ping::definition::{
    Bound, Catalog, Code, Consistency, DataCategory, DatabaseBody, Diagnostic, KeyPath, Loaded, RowEstimate, TestNames,
    TimeFrame, ValueType, findings, load, load_tests, silence, value_schemas,
};
use service_ping::relation::Operation;

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/definitions")
        .join(kind);
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("cases")
        .map(|case| case.expect("case").path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/definitions")
        .join(name)
}

fn is_built_in(class: &str) -> bool {
    let built_in = [
        "UuidMetric",
        "DatabaseMetric",
        "RedisMetric",
        "RedisHLLMetric",
        "AggregatedMetric",
    ];
    built_in.contains(&class)
}

/// All problems and findings, with paths that do not depend on where the checkout is.
fn problems(root: &Path) -> (Loaded, Vec<Diagnostic>) {
    let loaded = load(root).expect("a folder");
    let mut all = loaded.problems.clone();
    all.extend(findings(&loaded.catalog, &is_built_in));
    let names = TestNames {
        classes: Vec::new(),
        reasons: vec!["missing_column", "missing_table"],
    };
    all.extend(load_tests(root, &loaded.catalog, &names).expect("a folder").problems);
    all.extend(value_schemas(root, &loaded.catalog));
    let mut all = silence(&loaded.catalog, all, false);
    for problem in &mut all {
        relative(problem, root);
    }
    (loaded, all)
}

fn relative(problem: &mut Diagnostic, root: &Path) {
    if let Ok(name) = problem.source.file.strip_prefix(root) {
        problem.source.file = name.to_owned();
    }
    // Messages that name another file name it as it can be opened.
    problem.message = problem.message.replace(&format!("{}/", root.display()), "");
    for other in &mut problem.also {
        relative(other, root);
    }
}

fn rendered(loaded: &Loaded, problems: &[Diagnostic]) -> String {
    let mut text: String = problems.iter().map(|problem| problem.to_human(false, 80)).collect();
    for invalid in &loaded.invalid {
        let keys: Vec<&str> = invalid.key_paths.iter().map(KeyPath::as_str).collect();
        text.push_str(&format!("left out: {} [{}]\n", invalid.file.display(), keys.join(", ")));
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn bad_definitions_give_the_expected_diagnostics() {
    let update = std::env::var_os("SERVICE_PING_UPDATE").is_some();
    let mut different = Vec::new();
    for root in cases("bad") {
        let (loaded, problems) = problems(&root);
        assert!(!problems.is_empty(), "{} has no problem", root.display());
        let text = rendered(&loaded, &problems);
        let expected = root.join("diagnostics.txt");
        if update {
            fs::write(&expected, &text).expect("written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            different.push(format!("{}:\n{text}", root.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn every_code_is_shown_by_a_bad_definition() {
    let shown: Vec<Code> = cases("bad")
        .iter()
        .flat_map(|root| problems(root).1)
        .map(|problem| problem.code)
        .collect();
    // A file that cannot be read cannot be committed, a change needs what it changed, and the rest a live database.
    let elsewhere = [
        Code::UnreadableFile,
        Code::ChangedMeaning,
        Code::RemovedDefinition,
        Code::UnknownTable,
        Code::UnknownColumn,
        Code::RefusedStatement,
        Code::DistinctCountUnindexed,
        Code::HistogramLargeTable,
        Code::WindowUnindexed,
    ];
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| !shown.contains(code) && !elsewhere.contains(code))
        .collect();
    assert_eq!(missing, Vec::<&Code>::new());
}

#[test]
fn good_definitions_give_no_problem() {
    for root in cases("good") {
        let (loaded, problems) = problems(&root);
        assert_eq!(rendered(&loaded, &problems), "\n", "{}", root.display());
        assert!(!loaded.catalog.metrics.is_empty());
    }
}

#[test]
fn spans_point_at_what_is_wrong() {
    for root in cases("bad") {
        for problem in problems(&root).1 {
            let (text, span) = (&problem.source.text, &problem.span);
            let before = &text[..span.start];
            assert_eq!(problem.position.line, before.matches('\n').count() + 1);
            assert_eq!(
                problem.position.column,
                before.chars().rev().take_while(|c| *c != '\n').count() + 1
            );
            assert!(!text[span.clone()].contains('\n'));
        }
    }
}

fn catalog(name: &str) -> Catalog {
    load(&case(name)).expect("a folder").catalog
}

#[test]
fn every_field_is_read() {
    let catalog = catalog("good/every_field");
    let paths: Vec<&str> = catalog.metrics.iter().map(|metric| metric.key_path.as_str()).collect();
    assert_eq!(
        paths,
        ["counts.issues", "counts.issues_monthly", "counts.issues_weekly"]
    );
    let metric = catalog.metric("counts.issues_monthly").expect("monthly");
    assert_eq!(metric.time_frame, TimeFrame::TwentyEightDays);
    assert_eq!(metric.value_type, ValueType::Number);
    assert_eq!(metric.data_category, DataCategory::Operational);
    assert_eq!(metric.description, "Count of issues, of all kinds\n");
    assert_eq!(metric.instrumentation_class.as_deref(), Some("DatabaseMetric"));
    assert_eq!(metric.fallback, Some(json!(0)));
    assert_eq!(metric.file, Path::new("metrics/counts_all/issues.yml"));
    assert_eq!(metric.attributes["milestone"], "<13.9");
    assert_eq!(
        metric.attributes.keys().take(2).collect::<Vec<_>>(),
        ["key_path", "name"]
    );
    assert_eq!(metric.options["primary_key"], json!(["project_id", "iid"]));
}

#[test]
fn merge_keys_give_way_to_own_ones_and_earlier_ones() {
    let catalog = catalog("good/aliases_and_merge_keys");
    let metric = catalog.metric("counts.issues").expect("issues");
    assert_eq!(metric.status.as_str(), "active");
    assert_eq!(
        (metric.time_frame, metric.value_type),
        (TimeFrame::All, ValueType::Number)
    );
}

#[test]
fn declared_classes_are_read() {
    let catalog = catalog("good/declared_classes");
    let class = catalog.class("CountUsersCreatingIssuesMetric").expect("declared");
    assert_eq!(class.file, Path::new("metrics/instrumentations/users.yml"));
    assert_eq!(class.body.operation, Operation::DistinctCount);
    assert_eq!(class.body.column.as_deref(), Some("author_id"));
    assert_eq!(class.body.primary_key, Some(vec!["id".to_owned()]));
    assert!(matches!(class.body.start, Some(Bound::Query(_))));
    assert_eq!(class.body.finish, Some(Bound::Integer(1000)));
    assert_eq!(
        (class.body.batch_size, class.body.database.as_deref()),
        (Some(500), Some("main"))
    );
    assert_eq!(class.body.fallback, Some(json!(-7)));
    let histogram = catalog.class("HistogramOfIssues2Metric").expect("declared");
    assert_eq!(
        histogram.body.operation,
        Operation::Histogram {
            from: 1,
            to: 10,
            size: 10
        }
    );
    let integrations = catalog.class("ActiveProjectIntegrationsMetric").expect("declared");
    assert!(integrations.parameters["type"].required);
    assert_eq!(integrations.body.placeholders(), ["type"]);
}

#[test]
fn what_a_count_may_tolerate_is_read() {
    let catalog = catalog("good/estimates");
    let said = |class: &str| {
        let body = &catalog.class(class).expect("declared").body;
        (body.consistency, body.estimate)
    };
    assert_eq!(
        said("EstimatedIssues"),
        (Consistency::Exact, Some(RowEstimate::Reltuples))
    );
    assert_eq!(said("UpdatedIssues"), (Consistency::Approximate, None));
    assert_eq!(said("CarefulIssues"), (Consistency::Exact, None));
}

#[test]
fn options_are_read_without_a_file() {
    let read = |options: Value| DatabaseBody::from_options(options.as_object().expect("a mapping"));
    let body =
        read(json!({"operation": "count", "relation": "issues", "primary_key": "project_id, iid"})).expect("valid");
    assert_eq!(body.primary_key, Some(vec!["project_id".to_owned(), "iid".to_owned()]));
    let keyless = read(json!({"operation": "count", "relation": "issues", "primary_key": []})).expect("valid");
    assert_eq!(keyless.primary_key, Some(Vec::new()));
    let error = read(json!({"operation": "sum", "relation": 5, "colunm": "id"})).expect_err("invalid");
    assert!(
        error.contains("`relation`") && error.contains("`colunm`") && error.contains("`column`"),
        "{error}"
    );
}

#[test]
fn gitlab_s_own_layout_is_found() {
    let catalog = catalog("good/gitlab_layout");
    assert_eq!(
        catalog.metrics[0].file,
        Path::new("config/metrics/counts_all/issues.yml")
    );
}

#[test]
fn a_conflict_leaves_out_what_stands_in_the_way_alone() {
    let conflict = load(&case("bad/leaf_and_parent")).expect("a folder");
    assert!(conflict.catalog.metric("counts.issues").is_some() && conflict.catalog.metric("counts").is_none());
    let duplicate = load(&case("bad/duplicate_key_path")).expect("a folder");
    assert_eq!(duplicate.catalog.metrics, []);
    let removed = load(&case("bad/removed_leaf_and_parent")).expect("a folder");
    assert!(!removed.has_errors());
    assert_eq!(removed.catalog.metrics.len(), 2);
}

#[test]
fn the_digest_follows_names_and_bytes() {
    let digest = |name: &str, text: &str| {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("metrics")).expect("a folder");
        fs::write(root.path().join("metrics").join(name), text).expect("a file");
        load(root.path()).expect("a folder").catalog.digest
    };
    let digests = [
        digest("a.yml", "x: 1"),
        digest("a.yml", "x: 2"),
        digest("b.yml", "x: 1"),
        digest("a.ymlx", ": 1"),
    ];
    assert_eq!(digests[0], digest("a.yml", "x: 1"));
    assert_eq!(digests[0].len(), 64);
    for (index, one) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(one));
    }
}

#[test]
fn folders_that_are_not_there_are_errors() {
    let root = tempfile::tempdir().expect("a folder");
    let missing = load(&root.path().join("nowhere"))
        .expect_err("no such folder")
        .to_string();
    assert!(missing.contains("nowhere"), "{missing}");
    let empty = load(root.path()).expect_err("no metrics").to_string();
    assert!(empty.contains("holds no `metrics`"), "{empty}");
}

#[test]
fn a_location_can_be_asked_for_later() {
    let catalog = catalog("good/every_field");
    let file = Path::new("metrics/counts_all/issues.yml");
    let (source, span) = catalog.locate(file, &["options", "column"]).expect("known");
    assert_eq!(&source.text[span], "weight");
    assert!(catalog.locate(Path::new("metrics/none.yml"), &[]).is_none());
}

#[test]
fn machine_readable_forms() {
    let (_, found) = problems(&case("bad/byte_order_mark"));
    let problem = &found[0];
    assert_eq!(
        problem.to_json(),
        json!({
            "severity": "error", "code": "bad_value", "message": "`status` cannot be `activ`",
            "help": "did you mean `active`? it is one of active, broken, data_available, implemented, not_used, \
                     deprecated, removed",
            "file": "metrics/counts_all/issues.yml", "line": 4, "column": 9, "span": [70, 75], "also": [],
        })
    );
    assert_eq!(
        problem.to_github(),
        "::error file=metrics/counts_all/issues.yml,line=4,col=9,title=bad_value::`status` cannot be `activ`%0A\
         help: did you mean `active`? it is one of active, broken, data_available, implemented, not_used, deprecated, \
         removed"
    );
    let mut odd = problem.clone();
    odd.source.file = PathBuf::from("a,b:c.yml");
    odd.message = "50% of\nit".to_owned();
    odd.help = None;
    assert_eq!(
        odd.to_github(),
        "::error file=a%2Cb%3Ac.yml,line=4,col=9,title=bad_value::50%25 of%0Ait"
    );
}
