//! The sample file: complete, true, and loadable as it stands and with every line uncommented.

use std::collections::BTreeSet;

use service_ping::config::{self, Config, Environment};

use super::Fixture;

/// The sample with each commented key switched on.
fn uncommented() -> String {
    let lines = config::sample();
    let lines = lines.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.is_empty() && !key.starts_with(' ') => key.to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn config_of(text: &str) -> Config {
    let mut config = Fixture::new(text).config();
    (config.file, config.folder) = (None, "here".into());
    config.definitions = "here".into();
    config.state.url = in_folder_here();
    config.server.event_spool = "here".into();
    config.experimental.usage_logger.logrotate.log_dir = "here".into();
    config
}

fn in_folder_here() -> config::Url {
    Config::load(None, &Environment::default())
        .expect("defaults load")
        .state
        .url
}

#[test]
fn as_it_stands_it_loads_to_the_defaults() {
    assert_eq!(config_of(&config::sample()), config_of(""));
}

#[test]
fn uncommented_its_keys_hold_the_defaults() {
    let sample = config_of(&uncommented());
    let defaults = config_of("");
    assert_eq!(sample.versions, defaults.versions);
    assert_eq!(sample.instance, defaults.instance);
    assert_eq!(sample.reporting, defaults.reporting);
    assert_eq!(sample.telemetry, defaults.telemetry);
    assert_eq!(sample.server, defaults.server);
    let main = &sample.databases["main"];
    assert_eq!(*main, config::Database::at(main.url.clone()));
    assert!(sample.event_store.is_some() && sample.prometheus.is_some());
}

/// The keys that the loader knows, as it lists them itself when it meets one that it does not.
#[test]
fn it_documents_every_key_that_the_loader_knows() {
    let sample = uncommented();
    for section in [
        "",
        "instance",
        "database.main",
        "event_store",
        "run",
        "prometheus",
        "versions",
        "state",
        "reporting",
        "telemetry",
    ] {
        let header = if section.is_empty() {
            String::new()
        } else {
            format!("[{section}]\n")
        };
        let errors = Fixture::new(&format!("{header}zzzz = 1\n")).errors();
        let known = errors.problems().iter().find_map(|problem| match &problem.kind {
            config::ProblemKind::UnknownKey { known, .. } => Some(known.clone()),
            _ => None,
        });
        let known: BTreeSet<String> = known.expect("an unknown key is reported").into_iter().collect();
        let documented = documented_keys(&sample, section);
        // What reads a secret from a file of its own is told with the key that it stands for.
        let is_told = |key: &String| documented.contains(key) || !key.ends_with("_file");
        let known: BTreeSet<String> = known.into_iter().filter(is_told).collect();
        assert_eq!(known, documented, "in [{section}]");
    }
}

fn documented_keys(sample: &str, section: &str) -> BTreeSet<String> {
    let mut current = String::new();
    let mut keys = BTreeSet::new();
    for line in sample.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(header) = line.strip_prefix('[') {
            current = header.trim_end_matches(']').to_owned();
            if section.is_empty() {
                keys.extend(current.split('.').next().map(str::to_owned));
            }
        } else if current == section {
            keys.extend(line.split(" =").next().map(str::to_owned));
        }
    }
    keys
}

#[test]
fn it_reads_well() {
    insta::assert_snapshot!("sample", config::sample());
}

#[test]
fn the_schema_accepts_the_sample_and_refuses_a_wrong_type() {
    let schema = serde_json::to_value(config::schema()).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let sample: serde_json::Value = toml::from_str(&uncommented()).expect("the sample is TOML");
    let errors: Vec<_> = validator.iter_errors(&sample).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(!validator.is_valid(&serde_json::json!({"definitions": 3})));
}
