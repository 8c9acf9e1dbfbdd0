//! The CronJobs, held against a schema of ours that is narrower than Kubernetes' own: the forms of schedules, names and
//! quantities, and no field that we do not use.

use serde_json::Value;
use service_ping::cli::exit;

use super::text;

/// The weekly job, and what delivers after it.
const JOBS: [&str; 2] = ["cronjob.yaml", "submit.yaml"];

fn named(file: &str) -> Value {
    serde_yaml::from_str(&text(&format!("packaging/kubernetes/{file}"))).expect("the CronJob is YAML")
}

fn cronjob() -> Value {
    named("cronjob.yaml")
}

fn problems(document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&text("tests/packaging/cronjob.schema.json")).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn they_are_cronjobs() {
    for file in JOBS {
        assert_eq!(problems(&named(file)), [""; 0], "{file}");
    }
}

#[test]
fn the_schema_finds_slips() {
    let slips: [(&str, Value); 10] = [
        ("/apiVersion", "batch/v1beta1".into()),
        ("/spec/schedule", "every week".into()),
        ("/spec/concurrencyPolicy", "Never".into()),
        ("/spec/startingDeadlineSeconds", "a day".into()),
        ("/spec/jobTemplate/spec/template/spec/restartPolicy", "Always".into()),
        ("/spec/jobTemplate/spec/podFailurePolicy/rules/0/action", "Fail".into()),
        (
            "/spec/jobTemplate/spec/podFailurePolicy/rules/0/onExitCodes/values/0",
            0.into(),
        ),
        (
            "/spec/jobTemplate/spec/template/spec/containers",
            Value::Array(Vec::new()),
        ),
        (
            "/spec/jobTemplate/spec/template/spec/containers/0/resources/limits/memory",
            "512 MB".into(),
        ),
        (
            "/spec/jobTemplate/spec/template/spec/containers/0/name",
            "Service Ping".into(),
        ),
    ];
    for (place, wrong) in slips {
        let mut document = cronjob();
        *document
            .pointer_mut(place)
            .unwrap_or_else(|| panic!("nothing at {place}")) = wrong;
        assert!(!problems(&document).is_empty(), "{place}");
    }
    let mut document = cronjob();
    document["spec"]["concurencyPolicy"] = "Forbid".into();
    assert!(!problems(&document).is_empty(), "an unknown field");
}

#[test]
fn they_run_one_at_a_time_as_nobody_on_a_file_system_they_cannot_write() {
    for file in JOBS {
        is_confined(&named(file));
    }
}

fn is_confined(document: &Value) {
    assert_eq!(document["spec"]["concurrencyPolicy"], "Forbid");
    let pod = &document["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["automountServiceAccountToken"], false);
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(container["securityContext"]["capabilities"]["drop"][0], "ALL");
    assert!(
        container["resources"]["limits"]["memory"].is_string() && container["resources"]["requests"]["cpu"].is_string()
    );
    let mounted = container["volumeMounts"].as_array().expect("mounts");
    let volumes = pod["volumes"].as_array().expect("volumes");
    for mount in mounted {
        assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{mount}");
    }
}

#[test]
fn what_was_done_as_far_as_could_be_is_not_done_again() {
    let document = cronjob();
    let policy = &document["spec"]["jobTemplate"]["spec"]["podFailurePolicy"];
    let [rule] = policy["rules"].as_array().expect("rules").as_slice() else {
        panic!("{policy}")
    };
    assert_eq!(rule["action"], "FailJob");
    let codes = [
        exit::USAGE,
        exit::INVALID,
        exit::NOT_DELIVERED,
        exit::LEASE_HELD,
        exit::REPORTING_OFF,
    ];
    assert_eq!(rule["onExitCodes"]["values"], Value::from(codes.to_vec()));
    let container = &document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(rule["onExitCodes"]["containerName"], container["name"]);
}

/// After 8, 16 and 24 hours, and on.
#[test]
fn what_was_not_delivered_is_tried_again_every_eight_hours() {
    let minute_and_hour = |file: &str| {
        let document = named(file);
        let schedule = document["spec"]["schedule"].as_str().expect("a schedule").to_owned();
        let parts: Vec<String> = schedule.split(' ').map(str::to_owned).collect();
        assert_eq!(document["spec"]["timeZone"], "Etc/UTC");
        (parts[0].clone(), parts[1].clone(), parts[2..].join(" "))
    };
    let (minute, hour, _) = minute_and_hour("cronjob.yaml");
    let (again_at, hours, days) = minute_and_hour("submit.yaml");
    let hours: Vec<u32> = hours.split(',').map(|hour| hour.parse().expect("an hour")).collect();
    let hour: u32 = hour.parse().expect("an hour");
    assert_eq!((again_at, days.as_str()), (minute, "* * *"));
    assert_eq!(hours, [hour % 8, hour % 8 + 8, hour % 8 + 16]);
}

#[test]
fn their_arguments_are_understood() {
    for (file, verb) in JOBS.into_iter().zip(["run", "submit"]) {
        understands(&named(file), verb);
    }
}

fn understands(document: &Value, verb: &str) {
    let arguments = document.pointer("/spec/jobTemplate/spec/template/spec/containers/0/args");
    let arguments = arguments.and_then(Value::as_array).expect("arguments");
    let words = arguments.iter().map(|word| word.as_str().expect("a word"));
    assert!(words.clone().any(|word| word == verb), "{arguments:?}");
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_service-ping"))
        .args(words)
        .arg("--help")
        .output();
    assert!(help.expect("the program runs").status.success());
}
