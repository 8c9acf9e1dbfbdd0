//! The CronJob, held against a schema of ours that is narrower than Kubernetes' own: the forms of schedules, names and
//! quantities, and no field that we do not use.

use serde_json::Value;

use super::text;

fn cronjob() -> Value {
    serde_yaml::from_str(&text("packaging/kubernetes/cronjob.yaml")).expect("the CronJob is YAML")
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
fn it_is_a_cronjob() {
    assert_eq!(problems(&cronjob()), [""; 0]);
}

#[test]
fn the_schema_finds_slips() {
    let slips: [(&str, Value); 8] = [
        ("/apiVersion", "batch/v1beta1".into()),
        ("/spec/schedule", "every week".into()),
        ("/spec/concurrencyPolicy", "Never".into()),
        ("/spec/startingDeadlineSeconds", "a day".into()),
        ("/spec/jobTemplate/spec/template/spec/restartPolicy", "Always".into()),
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
fn it_runs_one_at_a_time_as_nobody_on_a_file_system_it_cannot_write() {
    let document = cronjob();
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
fn its_arguments_are_understood() {
    let document = cronjob();
    let arguments = document.pointer("/spec/jobTemplate/spec/template/spec/containers/0/args");
    let arguments = arguments.and_then(Value::as_array).expect("arguments");
    let words = arguments.iter().map(|word| word.as_str().expect("a word"));
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_service-ping"))
        .args(words)
        .arg("--help")
        .output();
    assert!(help.expect("the program runs").status.success());
}
