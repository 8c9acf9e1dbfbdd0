//! YAML and Markdown.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::Cli;
use crate::support::data::compat_data;
use crate::support::golden::assert_golden;
use crate::{entries, metric, read, shipped};

/// A metric of each kind.
const KINDS: [&str; 9] = [
    "counts_monthly.issues",
    "counts.snippets",
    "counts.issues_weight_average",
    "counts.issues_per_project_histogram",
    "counts.users_editing_in_the_browser_monthly",
    "counts.distinct_users_creating_merge_requests_weekly",
    "counts_monthly.aggregated_metrics.users_planning",
    "uuid",
    "counts.web_ide_terminals",
];

fn of_each_kind(format: &str) -> String {
    let mut arguments = vec!["dictionary", "--definitions", shipped(), "--format", format];
    KINDS.iter().for_each(|kind| arguments.extend(["--only", kind]));
    let text = Cli::new().run(&arguments).expect_code(0).stdout;
    without_history(&text)
}

/// The commits of this repository are no matter of the dictionary's form.
fn without_history(text: &str) -> String {
    let is_change = |line: &&str| {
        let start = line.trim_start().trim_start_matches("- ");
        start.starts_with("date:")
            || start.starts_with("commit:")
            || start.starts_with("subject:")
            || start.starts_with("20") && start.contains("): ")
            || start.starts_with("2026-")
            || *line == "  history:"
    };
    text.lines()
        .filter(|line| !is_change(line))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn of_each_kind_of_metric() {
    for (format, file) in [("yaml", "dictionary.yml"), ("markdown", "dictionary.md")] {
        assert_golden(&format!("cli/{file}"), &of_each_kind(format));
    }
}

#[test]
fn what_a_definition_does_not_want_told_is_said_in_every_form() {
    let cli = Cli::new();
    let more = "description: A\nminimum_count: 5\nallowed_values: [free, gold]\n";
    metric(&cli, "a", "counts.a", more);
    let text = cli.read("metrics/a.yml");
    let groups = text
        .replace("value_type: number", "value_type: object")
        .replace("value: 1", "value: {free: 9}");
    cli.write("metrics/a.yml", &groups);
    let entry = &entries(&cli, &[])[0];
    assert_eq!(
        (&entry["minimum_count"], &entry["allowed_values"]),
        (&json!(5), &json!(["free", "gold"]))
    );
    let text = cli.run(&["dictionary", "--format", "markdown"]).expect_code(0).stdout;
    assert!(
        text.contains("- Told at least as: `5`\n- Texts that are told: `"),
        "{text}"
    );
    cli.run(&["dictionary", "--format", "html", "--output", "site"])
        .expect_code(0);
    let page = read(cli.folder(), "site/metrics/counts.a.html");
    assert!(
        page.contains("Told at least as") && page.contains("Numbers above 0 and below this"),
        "{page}"
    );
}

#[test]
fn an_entry_says_all_that_its_file_says() {
    let folder = Path::new(shipped());
    let entries = entries(&Cli::new(), &["--definitions", shipped()]);
    let mut compared = 0;
    for entry in &entries {
        let file = entry["file_path"].as_str().expect("a file");
        let text = std::fs::read_to_string(folder.join(file)).expect("readable");
        let Ok(Value::Object(said)) = serde_yaml::from_str::<Value>(&text) else {
            continue;
        };
        for (field, value) in said
            .iter()
            .filter(|(field, _)| !["key_path", "time_frame"].contains(&field.as_str()))
        {
            assert_eq!(&entry[field], value, "{file}: {field}");
            compared += 1;
        }
    }
    assert!(compared > 3000, "{compared}");
}

#[test]
fn statements_are_those_of_the_dump() {
    let cli = Cli::new();
    let definitions = ["--definitions", shipped()];
    let dump = cli.run(
        &[
            &["dump", "sql", "--format", "json", "--now", "2026-01-01T00:00:00Z"],
            &definitions[..],
        ]
        .concat(),
    );
    let mut dumped = BTreeMap::new();
    flatten(
        &serde_json::from_str(&dump.expect_code(0).stdout).expect("JSON"),
        String::new(),
        &mut dumped,
    );
    let entries = entries(&cli, &definitions);
    let shown = |key_path: &str| {
        entries
            .iter()
            .find(|entry| entry["key_path"] == key_path)
            .map(|entry| entry["statements"][0].clone())
    };
    assert!(dumped.len() > 200, "{}", dumped.len());
    for (key_path, sql) in dumped {
        assert_eq!(shown(&key_path), Some(Value::from(sql)), "{key_path}");
    }
}

fn flatten(value: &Value, path: String, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                flatten(value, path, into);
            }
        }
        other => drop(into.insert(path, other.as_str().expect("a statement").to_owned())),
    }
}

#[test]
fn is_the_same_at_any_time() {
    let run = || {
        Cli::new()
            .run(&["dictionary", "--definitions", shipped(), "--format", "markdown"])
            .expect_code(0)
            .stdout
    };
    assert_eq!(run(), run());
}

#[test]
fn reads_gitlabs_own_definitions() {
    let Some(folder) = compat_data("gitlab/v18") else {
        return;
    };
    let folder = folder.display().to_string();
    let entries = entries(&Cli::new(), &["--definitions", &folder, "--skip-invalid"]);
    assert!(entries.len() > 1000, "{}", entries.len());
    let removed = entries.iter().filter(|entry| entry["status"] == "removed").count();
    assert!(removed > 10, "{removed}");
}

#[test]
fn goes_into_a_file() {
    let cli = Cli::new();
    let run = cli
        .run(&[
            "dictionary",
            "--definitions",
            shipped(),
            "--only",
            "uuid",
            "--output",
            "uuid.yml",
        ])
        .expect_code(0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("wrote uuid.yml"), "{}", run.stderr);
    assert!(cli.read("uuid.yml").starts_with("- key_path: uuid\n"));
    let none = cli
        .run(&["dictionary", "--definitions", shipped(), "--only", "nothing.*"])
        .expect_code(2);
    assert!(none.stderr.contains("--only matches no metric"), "{}", none.stderr);
}
