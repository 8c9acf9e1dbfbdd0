//! `PrometheusMetric` against a real server: every kind of result, and every kind that is none.

use serde_json::{Value, json};

use crate::instance::{generate, instance, query};
use crate::support::prometheus::server::Prometheus;

/// Two series of jobs `a` and `b`, with the values 1.5 and 2.
const TWO: &str = "label_replace(vector(1.5), \"job\", \"a\", \"\", \"\") \
                   or label_replace(vector(2), \"job\", \"b\", \"\", \"\")";

#[test]
fn results_become_numbers_and_groups() {
    let server = Prometheus::start();
    let cli = instance(&format!("url = \"{}\"", server.url()));
    let with_zone = format!("label_replace({TWO}, \"zone\", \"z\", \"\", \"\")");
    let cases: [(&str, &str, Value); 12] = [
        ("vector(0.25)", "", json!(0.25)),
        ("vector(3)", "", json!(3)),
        ("vector(-2)", ", value: vector, unit: bytes", json!(-2)),
        (&format!("sort_desc({TWO})"), "", json!(2)),
        (&format!("sort({TWO})"), ", value: vector", json!(1.5)),
        ("1e300", ", value: scalar", json!(1e300)),
        ("scalar(vector(7))", ", value: scalar", json!(7)),
        (TWO, ", value: by_label", json!({"a": 1.5, "b": 2})),
        (TWO, ", value: by_label, label: job", json!({"a": 1.5, "b": 2})),
        (
            &with_zone,
            ", value: by_label",
            json!({"[\"a\",\"z\"]": 1.5, "[\"b\",\"z\"]": 2}),
        ),
        ("vector(5)", ", value: by_label", json!({"": 5})),
        ("vector(5)", ", value: by_label, label: absent", json!({"": 5})),
    ];
    for (index, (promql, more, _)) in cases.iter().enumerate() {
        query(&cli, &format!("settings.{}", name(index)), promql, more);
    }
    let generated = generate(&cli, &[]);
    assert_eq!(generated.reasons, Default::default());
    for (index, (promql, more, expected)) in cases.iter().enumerate() {
        assert_eq!(generated.payload["settings"][&name(index)], *expected, "{promql}{more}");
    }
}

#[test]
fn what_is_no_number_has_a_reason() {
    let server = Prometheus::start();
    let cli = instance(&format!("url = \"{}\"", server.url()));
    let cases: [(&str, &str, &str, i64); 14] = [
        ("vector(0) / 0", "", "not_finite", -2),
        ("vector(1) / 0", "", "not_finite", -2),
        ("-1 / 0", ", value: scalar", "not_finite", -2),
        ("scalar(absent_series)", ", value: scalar", "not_finite", -2),
        ("vector(1) > 2", "", "empty_result", -1),
        ("absent_series", ", value: by_label", "empty_result", -1),
        ("vector(1)", ", value: scalar", "wrong_type", -2),
        ("1", "", "wrong_type", -2),
        ("1", ", value: by_label", "wrong_type", -2),
        ("'text'", "", "wrong_type", -2),
        ("up[5m]", "", "wrong_type", -2),
        (TWO, ", value: by_label, label: zone", "wrong_type", -2),
        ("sum(", "", "invalid_statement", -1),
        // Many to many: it reads well, but cannot be evaluated.
        (
            "label_replace(vector(1), \"a\", \"b\", \"\", \"\") * on (c) (vector(1) or label_replace(vector(1), \"d\", \"e\", \"\", \"\"))",
            "",
            "statement_failed",
            -1,
        ),
    ];
    for (index, (promql, more, ..)) in cases.iter().enumerate() {
        query(&cli, &format!("settings.{}", name(index)), promql, more);
    }
    let generated = generate(&cli, &[]);
    for (index, (promql, more, reason, value)) in cases.iter().enumerate() {
        let name = name(index);
        assert_eq!(
            generated.reason(&format!("settings.{name}")),
            Some(*reason),
            "{promql}{more}: {:#?}",
            generated.reasons
        );
        assert_eq!(generated.payload["settings"][&name], *value, "{promql}{more}");
    }
}

#[test]
fn a_fallback_that_is_declared_stands_for_what_is_empty() {
    let server = Prometheus::start();
    let cli = instance(&format!("url = \"{}\"", server.url()));
    query(&cli, "settings.empty", "absent_series", "}\nfallback: {\"none\": true");
    query(
        &cli,
        "settings.infinite",
        "vector(1) / 0",
        "}\nfallback: {\"none\": true",
    );
    let generated = generate(&cli, &[]);
    assert_eq!(generated.payload["settings"]["empty"], json!({"none": true}));
    assert_eq!(generated.payload["settings"]["infinite"], -2);
}

#[test]
fn numbers_add_up_with_those_of_other_sources() {
    let server = Prometheus::start();
    let cli = instance(&format!("url = \"{}\"", server.url()));
    query(&cli, "settings.one", "vector(1)", "");
    let fixed = "key_path: settings.fixed\ndescription: A number.\nvalue_type: number\nstatus: active\ntime_frame: none\n\
                 data_source: system\ninstrumentation_class: StaticMetric\noptions: {value: 42}\n";
    cli.write("metrics/fixed.yml", fixed);
    let sum = "key_path: settings.sum\ndescription: A sum.\nvalue_type: number\nstatus: active\ntime_frame: none\n\
               data_source: prometheus\ninstrumentation_class: NumbersMetric\n\
               options: {operation: add, metrics: [settings.one, settings.fixed]}\n";
    cli.write("metrics/sum.yml", sum);
    assert_eq!(generate(&cli, &[]).payload["settings"]["sum"], 43);
}

#[test]
fn the_instant_is_the_runs() {
    let server = Prometheus::start();
    let cli = instance(&format!("url = \"{}\"", server.url()));
    query(&cli, "settings.now", "time()", ", value: scalar");
    let generated = generate(&cli, &["--now", "2026-11-19T10:54:30.250Z"]);
    assert_eq!(generated.payload["settings"]["now"], 1_795_085_670.25);
}

#[test]
fn options_that_do_not_fit_are_refused_before_anything_is_asked() {
    let cli = instance("url = \"http://127.0.0.1:1\"");
    let cases = [
        (
            "options: {query: up, value: matrix}",
            "none of vector, scalar, by_label",
        ),
        ("options: {query: up, label: job}", "goes with `value: by_label`"),
        ("options: {query: ' '}", "is empty"),
        ("options: {value: vector}", "\"query\" is missing"),
        ("options: {query: up, unit: 3}", "\"unit\" is missing or is not text"),
        ("options: {query: up, by: job}", "there is no option \"by\""),
    ];
    for (options, says) in cases {
        let text = format!(
            "key_path: settings.wrong\ndescription: A.\nvalue_type: number\nstatus: active\ntime_frame: none\n\
             data_source: prometheus\ninstrumentation_class: PrometheusMetric\n{options}\n"
        );
        cli.write("metrics/wrong.yml", &text);
        let generated = generate(&cli, &[]);
        let reason = &generated.reasons["settings.wrong"];
        assert!(
            reason.starts_with("invalid_options: ") && reason.contains(says),
            "{reason}"
        );
    }
}

/// `a`, `b`, …: key paths without digits.
fn name(index: usize) -> String {
    char::from(b'a' + u8::try_from(index).expect("few")).to_string()
}
