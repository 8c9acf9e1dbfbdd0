use std::path::Path;

use chrono::DateTime;
use service_ping::config::MetricGlobs;
use service_ping::definition::{
    self, DataCategory, Diagnostic, Loaded, TestNames, findings, load_tests, silence, value_schemas,
};
use service_ping::instrumentation::{Context, Registry};
use service_ping::keyspace::{FeatureFlags, KeyRules, Keyspace};
use service_ping::relation::Dialect;
use service_ping::report::{Selection, plan};

use super::folder::{fill, folder};

thread_local! {
    static FOLDER: tempfile::TempDir = folder();
}

/// What stands between two files of one input.
const BETWEEN: &[u8] = b"\n---8<---\n";
/// Where the files of an input go, in their order.
const PLACES: [&str; 6] = [
    "metrics/counts.yml",
    "metrics/instrumentations/class.yml",
    "known_events/events.yml",
    "events/event.yml",
    "aggregated_metrics/aggregates.yml",
    "metrics/counts.test.yml",
];

/// Definitions of every kind: each problem points into its file, and what is left is planned without a panic.
pub fn definitions(bytes: &[u8]) {
    FOLDER.with(|folder| {
        let parts = split(bytes);
        let files: Vec<(&str, &[u8])> = PLACES.into_iter().zip(parts).collect();
        fill(folder.path(), &files);
        read(folder.path());
    });
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}

fn read(root: &Path) {
    let loaded = definition::load(root).expect("a folder with metrics is read");
    let registry = Registry::built_in();
    let mut found = loaded.problems.clone();
    found.extend(findings(&loaded.catalog, &|name| registry.knows(name)));
    found.extend(value_schemas(root, &loaded.catalog));
    let names = TestNames {
        classes: registry.names().collect(),
        reasons: vec!["missing_table"],
    };
    found.extend(
        load_tests(root, &loaded.catalog, &names)
            .expect("a folder is listed")
            .problems,
    );
    let found = silence(&loaded.catalog, found, true);
    found.iter().for_each(points_into_its_file);
    describe(&loaded, &registry);
}

fn points_into_its_file(problem: &Diagnostic) {
    assert!(!problem.message.is_empty());
    assert!(
        problem.span.start <= problem.span.end && problem.span.end <= problem.source.text.len(),
        "{problem:?}"
    );
    assert!(problem.source.text.is_char_boundary(problem.span.start), "{problem:?}");
    assert!(
        problem.position.line >= 1 && problem.position.column >= 1,
        "{problem:?}"
    );
    assert!(!problem.to_github().contains('\n'), "{problem:?}");
    let _ = problem.to_json().to_string();
    problem.also.iter().for_each(points_into_its_file);
}

fn describe(loaded: &Loaded, registry: &Registry) {
    let keyspace = Keyspace::of(&loaded.catalog, KeyRules::default(), FeatureFlags::default());
    let context = Context {
        catalog: &loaded.catalog,
        registry,
        keyspace: &keyspace,
        now: DateTime::UNIX_EPOCH,
        depth: 0,
    };
    let selection = Selection {
        categories: [DataCategory::Optional].into(),
        disabled: MetricGlobs::default(),
        only: None,
    };
    for metric in plan(loaded, registry, &context, &selection).metrics {
        if let Err(failure) = &metric.measure {
            assert_ne!(
                failure.reason.code(),
                "panic",
                "{}: {}",
                metric.key_path,
                failure.message
            );
        }
        if let Ok(Some(measure)) = metric.measure {
            let _ = measure.statement(&|_| Dialect::Postgres);
            let _ = measure.statement(&|_| Dialect::Sqlite);
        }
    }
}
