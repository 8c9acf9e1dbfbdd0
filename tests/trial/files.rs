//! Files of tests: read apart from the metrics, checked by `validate`.

use serde_json::Value;

use crate::folder;

/// What is wrong with a file, as `line:column code message`.
fn problems(text: &str) -> Vec<String> {
    let cli = folder("issues", "all");
    cli.write("metrics/issues.test.yml", text);
    let run = cli.run(&["validate", "--format", "json"]).expect_code(3);
    let json: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let problems = json["problems"].as_array().expect("problems").iter();
    problems
        .map(|problem| {
            let [code, message] = [&problem["code"], &problem["message"]].map(|text| text.as_str().unwrap_or_default());
            format!("{}:{} {code} {message}", problem["line"], problem["column"])
        })
        .collect()
}

#[test]
fn mistakes_have_a_place() {
    let cases = [
        (
            "metric: counts.isues\ntests: [{name: a, value: 1}]\n",
            "1:9 unknown_metric there is no metric `counts.isues`, or it was removed",
        ),
        (
            "class: NoMetric\ntests: [{name: a, value: 1}]\n",
            "1:8 unknown_instrumentation_class there is no class `NoMetric`",
        ),
        (
            "metric: counts.issues\ntests:\n  - {name: a, valeu: 1}\n",
            "3:15 unknown_field",
        ),
        (
            "metric: counts.issues\ntests:\n  - {name: a}\n",
            "missing_field `value` is missing",
        ),
        ("tests: [{name: a, value: 1}]\n", "missing_field `metric` is missing"),
        ("metric: counts.issues\ntests: []\n", "2:8 bad_value"),
        (
            "metric: counts.issues\ntests: [{name: a, now: yesterday, value: 1}]\n",
            "2:24 bad_value `yesterday` is no moment",
        ),
        (
            "metric: counts.issues\ntests: [{name: a, value: {reason: nonsense}}]\n",
            "2:35 bad_value there is no reason `nonsense`",
        ),
        (
            "metric: counts.issues\ntests: [{name: a, value: {approximately: 3}}]\n",
            "bad_value `within` is not a number from 0 to 1",
        ),
        (
            "metric: counts.issues\ntables: {issues: {id: 'int); DROP TABLE x'}}\ntests: [{name: a, value: 1}]\n",
            "2:23 bad_value",
        ),
        (
            "metric: counts.issues\nclass: X\ntests: [{name: a, value: 1}]\n",
            "2:1 bad_value both a `metric` and a `class`",
        ),
        (
            "metric: counts.issues\ntests: [{name: a, name: b, value: 1}]\n",
            "duplicate_key",
        ),
    ];
    for (text, wanted) in cases {
        let found = problems(text);
        assert!(
            found.iter().any(|problem| problem.contains(wanted)),
            "{text}\nwanted {wanted}\nfound {found:#?}"
        );
    }
}

#[test]
fn the_nearest_names_are_offered() {
    let cli = folder("issues", "all");
    cli.write(
        "metrics/issues.test.yml",
        "metric: counts.isues\ntests: [{name: a, value: 1}]\n",
    );
    let run = cli.run(&["test"]).expect_code(3);
    assert!(run.stderr.contains("did you mean `counts.issues`?"), "{}", run.stderr);
}

#[test]
fn a_broken_file_of_tests_keeps_no_payload_back() {
    let cli = folder("issues", "all");
    let digest = |cli: &crate::support::cli::Cli| cli.run(&["dump", "sql"]).expect_code(0).stdout;
    let before = digest(&cli);
    cli.write("metrics/issues.test.yml", "this is: [no test\n");
    assert_eq!(digest(&cli), before);
    cli.run(&["validate"]).expect_code(3);
}
