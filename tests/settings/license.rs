//! The licence: every attribute of one that holds, null and a reason for any other.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::instance::{Instance, NOW};

const ATTRIBUTES: [(&str, &str); 13] = [
    ("add_ons", "object"),
    ("daily_billable_users_count", "number"),
    ("expires_at", "string"),
    ("license_id", "number"),
    ("licensee", "object"),
    ("md5", "string"),
    ("plan", "string"),
    ("sha256", "string"),
    ("starts_at", "string"),
    ("subscription_id", "string"),
    ("trial?", "boolean"),
    ("trial_ends_on", "string"),
    ("user_count", "number"),
];

fn licence() -> Value {
    json!({
        "version": 1,
        "licensee": {"Name": "Ada Byron", "Company": "Engines Ltd", "Email": "ada@engines.example"},
        "issued_at": "2026-01-31",
        "expires_at": "2027-01-31",
        "block_changes_at": "2027-02-14",
        "restrictions": {
            "id": 4711,
            "plan": "ultimate",
            "active_user_count": 250,
            "daily_billable_users_count": 241,
            "subscription_id": "A-S0001",
            "add_ons": {"seats": 3},
            "trial": false
        }
    })
}

fn instance(licence: &str) -> Instance {
    let settings = "[settings]\nlicense_trial_ends_on = \"2026-12-24\"\n";
    let instance = Instance::new(&format!("[license]\nfile = \"licence.json\"\n{settings}"));
    instance.cli.write("licence.json", licence);
    for (attribute, value_type) in ATTRIBUTES {
        let key = format!("license_{}", attribute.trim_end_matches('?'));
        instance.metric(&key, value_type, "LicenseMetric", json!({"attribute": attribute}));
    }
    instance.metric("edition", "string", "EditionMetric", json!({}));
    instance.metric("answer", "number", "StaticMetric", json!({"value": 42}));
    instance
}

/// Null for all but the date of a setting.
fn assert_null(instance: &Instance, now: &str, reason: &str) -> String {
    let generated = instance.generate_at(now);
    for (attribute, _) in ATTRIBUTES.iter().filter(|(name, _)| *name != "trial_ends_on") {
        let key = format!("license_{}", attribute.trim_end_matches('?'));
        assert_eq!(generated.payload[&key], Value::Null, "{key}");
        assert!(
            generated.why(&key).starts_with(reason),
            "{key}: {}",
            generated.why(&key)
        );
    }
    assert_eq!(generated.payload["license_trial_ends_on"], "2026-12-24");
    assert_eq!(generated.payload["answer"], 42);
    generated.why("license_plan").to_owned()
}

#[test]
fn each_attribute_of_a_licence_that_holds() {
    let instance = instance(&licence().to_string());
    let generated = instance.generate();
    assert_eq!(generated.fallbacks(), Vec::<String>::new());
    let file = instance.cli.folder().join("licence.json");
    assert_eq!(
        generated.payload,
        json!({
            "license_add_ons": {"seats": 3},
            "license_daily_billable_users_count": 241,
            "license_expires_at": "2027-01-31",
            "license_license_id": 4711,
            "license_licensee": {"Name": "Ada Byron", "Company": "Engines Ltd", "Email": "ada@engines.example"},
            "license_md5": digest("md5sum", &file),
            "license_plan": "ultimate",
            "license_sha256": digest("sha256sum", &file),
            "license_starts_at": "2026-01-31",
            "license_subscription_id": "A-S0001",
            "license_trial": false,
            "license_trial_ends_on": "2026-12-24",
            "license_user_count": 250,
            "edition": "EEU",
            "answer": 42
        })
    );
}

/// The names that `LicenseMetric` uses are as good as the product's, and what is not said is null or says so by that.
#[test]
fn attributes_by_the_names_of_the_class() {
    let licence = json!({
        "licensee": {"Name": "Ada"}, "starts_at": "2026-01-31T23:00:00Z", "user_count": 7, "license_id": 9,
        "trial?": true, "plan": null
    });
    let generated = instance(&licence.to_string()).generate();
    let payload = &generated.payload;
    assert_eq!(payload["license_user_count"], 7);
    assert_eq!(payload["license_license_id"], 9);
    assert_eq!(payload["license_trial"], true);
    assert_eq!(payload["license_plan"], "starter");
    assert_eq!(payload["edition"], "EES");
    assert_eq!(payload["license_add_ons"], json!({}));
    assert_eq!(payload["license_starts_at"], "2026-01-31");
    assert_eq!(payload["license_expires_at"], Value::Null);
    assert_eq!(payload["license_subscription_id"], Value::Null);
    assert_eq!(generated.fallbacks(), Vec::<String>::new());
}

#[test]
fn digests_are_of_the_normalised_text() {
    let instance = instance(&licence().to_string());
    let line = "eyJkYXRhIjoi\r\nQUJD\r\n\r\n\r\n";
    instance.cli.write("original.txt", line);
    instance.cli.write("normal.txt", "eyJkYXRhIjoi\nQUJD\n");
    instance.configure("[license]\nfile = \"licence.json\"\noriginal_file = \"original.txt\"\n");
    let normal = instance.cli.folder().join("normal.txt");
    let payload = instance.generate().payload;
    assert_eq!(payload["license_md5"], digest("md5sum", &normal));
    assert_eq!(payload["license_sha256"], digest("sha256sum", &normal));
}

#[test]
fn a_licence_ends_with_the_day_before_its_end() {
    let instance = instance(&licence().to_string());
    let holds = instance.generate_at("2027-01-30T23:59:59Z");
    assert_eq!(holds.payload["license_plan"], "ultimate");
    let why = assert_null(&instance, "2027-01-31T00:00:00Z", "license_not_current");
    assert!(why.contains("ended on 2027-01-31"), "{why}");
    let why = assert_null(&instance, "2026-01-30T23:59:59Z", "license_not_current");
    assert!(why.contains("begins on 2026-01-31"), "{why}");
}

#[test]
fn what_is_no_licence_is_a_finding() {
    let without = |name: &str| {
        let mut licence = licence();
        licence.as_object_mut().expect("an object").remove(name);
        licence.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut licence = licence();
        licence["restrictions"][name] = value;
        licence.to_string()
    };
    let cases = [
        ("eyJkYXRhIjoiQUJDIn0=".to_owned(), "no JSON"),
        ("[1]".to_owned(), "no JSON object"),
        (without("licensee"), "no licensee"),
        (without("issued_at"), "no issued_at"),
        (
            licence().to_string().replace("2027-01-31", "soon"),
            "expires_at is no date",
        ),
        (
            with("active_user_count", json!("secret words")),
            "user_count is not a number",
        ),
        (with("plan", json!(3)), "plan is not a text"),
        (with("trial", json!("yes")), "trial? is not true or false"),
    ];
    for (text, says) in cases {
        let why = assert_null(&instance(&text), NOW, "invalid_license");
        assert!(why.contains(says), "{why}");
        assert!(!why.contains("secret words"), "{why}");
    }
    let instance = instance("");
    std::fs::remove_file(instance.cli.folder().join("licence.json")).expect("the file is ours");
    let why = assert_null(&instance, NOW, "invalid_license");
    assert!(why.contains("cannot be read"), "{why}");
}

#[test]
fn doctor_validate_and_the_log_say_so() {
    let ended = "2028-01-01T00:00:00Z";
    let instance = instance(&licence().to_string());
    let doctor = instance.cli.run(&["doctor", "--now", NOW]).expect_code(0);
    assert!(
        doctor.stdout.contains("ultimate, until 2027-01-31"),
        "{}",
        doctor.stdout
    );
    let doctor = instance.cli.run(&["doctor", "--now", ended]).expect_code(1);
    let line = doctor.stdout.lines().find(|line| line.contains("licence"));
    assert!(line.expect("a finding").starts_with("FAIL"), "{}", doctor.stdout);
    let validate = instance.cli.run(&["validate", "--now", ended]).expect_code(0);
    assert!(validate.stderr.contains("ended on 2027-01-31"), "{}", validate.stderr);
    let logged = instance.generate_at(ended).stderr;
    assert_eq!(logged.matches("The licence does not hold").count(), 1, "{logged}");
}

#[test]
fn without_a_licence_all_is_null_and_well() {
    let instance = instance("");
    instance.configure(
        "[settings]\nlicense_trial_ends_on = \"2026-12-24\"\n[instance_]\n"
            .split("[instance_]")
            .next()
            .expect("text"),
    );
    assert_null(&instance, NOW, "");
    let generated = instance.generate();
    assert_eq!(generated.why("license_plan"), "");
}

#[test]
fn an_attribute_that_no_licence_has_is_refused() {
    let instance = instance(&licence().to_string());
    instance.metric("wrong", "string", "LicenseMetric", json!({"attribute": "colour"}));
    let generated = instance.generate();
    assert_eq!(generated.payload["wrong"], Value::Null);
    let why = generated.why("wrong");
    assert!(
        why.starts_with("invalid_options") && why.contains("user_count, trial_ends_on"),
        "{why}"
    );
}

/// By coreutils.
fn digest(program: &str, file: &Path) -> String {
    let output = Command::new(program).arg(file).output().expect("the program runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    printed.split_whitespace().next().expect("a digest").to_owned()
}
