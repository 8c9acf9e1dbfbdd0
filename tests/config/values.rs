//! What loads, and to what.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use service_ping::config::{Config, DEFAULT_FILE, Environment, Hours, PrometheusAddress, Throttle};
use service_ping::definition::DataCategory;

use super::Fixture;

#[test]
fn without_a_file_all_is_default() {
    let fixture = Fixture::empty();
    let config = fixture.config();
    assert_eq!(config.definitions, fixture.folder.path());
    assert!(config.databases.is_empty());
    assert_eq!(
        (config.event_store, config.prometheus, config.versions.url, config.file),
        (None, None, None, None)
    );
    assert_eq!(
        (config.versions.timeout, config.versions.attempts),
        (Duration::from_secs(30), 3)
    );
    assert_eq!(config.reporting.categories.len(), 4);
    assert!(config.reporting.sending_allowed());
}

#[test]
fn a_splay_or_a_retry_that_a_week_cannot_hold_is_refused() {
    for (key, wrong) in [
        ("splay", "\"2h\""),
        ("splay", "\"soon\""),
        ("retries", "[\"0s\"]"),
        ("retries", "[\"8h\", \"169h\"]"),
        ("retries", "[\"8h\", \"later\"]"),
        ("retries", "\"8h\""),
        (
            "retries",
            "[\"1h\",\"1h\",\"1h\",\"1h\",\"1h\",\"1h\",\"1h\",\"1h\",\"1h\",\"1h\",\"1h\"]",
        ),
    ] {
        let fixture = Fixture::new(&format!("[schedule]\n{key} = {wrong}\n"));
        let problems = fixture.problems();
        assert!(
            problems.len() == 1 && problems[0].contains(key),
            "{wrong}: {problems:?}"
        );
    }
    let none = Fixture::new("[schedule]\nretries = []\n").config();
    assert_eq!(none.schedule.retries, Vec::<Duration>::new());
}

#[test]
fn in_the_working_folder_paths_stay_short() {
    let fixture = Fixture::empty();
    let config = Config::load_from(Path::new("."), None, &Environment::default()).expect("defaults load");
    assert_eq!(config.definitions, Path::new("."));
    assert_eq!(config.state.url.expose(), "sqlite://service-ping.db");
    drop(fixture);
}

#[test]
fn every_key_is_read() {
    let config = Fixture::new(
        r#"
        definitions = "defs"
        [instance]
        uuid = "0190f1a2-7c3b-7d4e-8f5a-6b7c8d9e0f1a"
        hostname = "gitlab.example"
        version = "18.1.0"
        edition = "EE"
        installation_type = "omnibus"
        [database.main]
        url = "postgres://ping@db/app"
        replicas = ["postgres://ping@r1/app", "postgresql://ping@r2/app"]
        statement_timeout = "500ms"
        lock_timeout = "1s"
        connections = 4
        application_name = "ping"
        batch_time = "250ms"
        max_groups = 500
        max_replication_lag = "10s"
        max_active_sessions = 20
        throttle_query = " SELECT busy FROM load; "
        hours = "22:00-6:00"
        [database.ci]
        url = "sqlite://ci.db?mode=ro"
        [event_store]
        url = "redis-cluster://a:7000,b:7001"
        [run]
        budget = "90m"
        [prometheus]
        url = "http://localhost:9090"
        [versions]
        url = "https://versions.example"
        timeout = "2m"
        attempts = 5
        [state]
        url = "postgres://ping@db/state"
        [schedule]
        splay = "0s"
        retries = ["30m", "2h"]
        [reporting]
        enabled = false
        categories = ["standard", "optional"]
        disabled_metrics = ["counts.jira_*", "settings"]
        [feature_flags]
        new_search = true
        [settings]
        signup_enabled = true
        limit = 10
        ratio = 0.5
        name = "x"
        since = 2024-01-02
        "#,
    );
    let folder = config.folder.path().to_owned();
    let config = config.config();
    assert_eq!(config.definitions, folder.join("defs"));
    assert_eq!(config.file, Some(folder.join(DEFAULT_FILE)));
    assert_eq!(
        config.instance.uuid.map(|id| id.to_string()).as_deref(),
        Some("0190f1a2-7c3b-7d4e-8f5a-6b7c8d9e0f1a")
    );
    assert_eq!(config.instance.installation_type.as_deref(), Some("omnibus"));
    let main = &config.databases["main"];
    assert_eq!(main.url.expose(), "postgres://ping@db/app");
    assert_eq!(
        main.replicas.iter().map(|url| url.scheme()).collect::<Vec<_>>(),
        ["postgres", "postgresql"]
    );
    assert_eq!(
        (main.statement_timeout, main.lock_timeout),
        (Duration::from_millis(500), Duration::from_secs(1))
    );
    assert_eq!((main.connections, main.application_name.as_str()), (4, "ping"));
    assert_eq!((main.batch_time, main.max_groups), (Duration::from_millis(250), 500));
    let throttle = Throttle {
        max_replication_lag: Some(Duration::from_secs(10)),
        max_active_sessions: Some(20),
        throttle_query: Some("SELECT busy FROM load".to_owned()),
        hours: Hours::parse("22:00-06:00"),
    };
    assert_eq!(main.throttle, throttle);
    assert_eq!(config.run.budget, Some(Duration::from_secs(90 * 60)));
    let ci = &config.databases["ci"];
    assert_eq!((ci.batch_time, ci.max_groups), (Duration::from_millis(500), 10_000));
    assert!(ci.throttle.is_off());
    assert_eq!(ci.url.expose(), format!("sqlite://{}/ci.db?mode=ro", folder.display()));
    assert_eq!((ci.statement_timeout, ci.connections), (Duration::from_secs(15), 2));
    assert_eq!(
        config.event_store.map(|store| store.url.to_string()).as_deref(),
        Some("redis-cluster://a:7000,b:7001")
    );
    assert_eq!(
        (config.versions.timeout, config.versions.attempts),
        (Duration::from_secs(120), 5)
    );
    assert_eq!(config.state.url.expose(), "postgres://ping@db/state");
    assert_eq!(config.schedule.splay, Duration::ZERO);
    assert_eq!(
        config.schedule.retries,
        [30, 120].map(|minutes| Duration::from_secs(minutes * 60))
    );
    assert!(!config.reporting.sending_allowed());
    let categories = BTreeSet::from([DataCategory::Standard, DataCategory::Optional]);
    assert_eq!(config.reporting.categories, categories);
    let disabled = &config.reporting.disabled_metrics;
    assert!(disabled.is_match("counts.jira_imports.total") && disabled.is_match("settings"));
    assert!(!disabled.is_match("settings.x") && !disabled.is_match("counts.issues"));
    assert!(config.feature_flags["new_search"]);
    let settings = serde_json::to_value(&config.settings).expect("settings are JSON");
    let expected = json!({"signup_enabled": true, "limit": 10, "ratio": 0.5, "name": "x", "since": "2024-01-02"});
    assert_eq!(settings, expected);
}

#[test]
fn variables_win_over_the_file_and_make_sections() {
    let fixture = Fixture::new("[database.main]\nurl = \"${UNSET}\"\nconnections = 1\n[settings]\nLimit = 1")
        .env("SERVICE_PING__DEFINITIONS", "/srv/defs")
        .env("SERVICE_PING__DATABASE__MAIN__URL", "postgres://u:a${b}$$@h/db")
        .env("SERVICE_PING__DATABASE__MAIN__CONNECTIONS", "8")
        .env(
            "SERVICE_PING__DATABASE__MAIN__REPLICAS",
            "postgres://r1/db, postgres://r2/db",
        )
        .env("SERVICE_PING__DATABASE__CI__URL", "sqlite:///ci.db")
        .env("SERVICE_PING__DATABASE__CI__LOCK_TIMEOUT", "100ms")
        .env("SERVICE_PING__REPORTING__CATEGORIES", "standard,optional")
        .env("SERVICE_PING__REPORTING__ENABLED", "false")
        .env("SERVICE_PING__FEATURE_FLAGS__NEW_SEARCH", "true")
        .env("SERVICE_PING__SETTINGS__LIMIT", "20")
        .env("SERVICE_PING_UPDATE", "1")
        .env("PATH", "/bin");
    let config = fixture.config();
    assert_eq!(config.definitions, Path::new("/srv/defs"));
    assert_eq!(
        config.databases["main"].url.expose(),
        "postgres://u:a${b}$$@h/db",
        "a variable's value is not filled in"
    );
    assert_eq!(config.databases["main"].connections, 8);
    assert_eq!(config.databases["main"].replicas.len(), 2);
    assert_eq!(config.databases["ci"].lock_timeout, Duration::from_millis(100));
    assert_eq!(config.reporting.categories.len(), 2);
    assert!(!config.reporting.enabled);
    assert!(config.feature_flags["new_search"]);
    assert_eq!(
        config.settings.into_iter().collect::<Vec<_>>(),
        [("Limit".to_owned(), json!(20))]
    );
}

#[test]
fn an_empty_variable_takes_a_value_away() {
    let fixture = Fixture::new("[versions]\nurl = \"https://v.example\"").env("SERVICE_PING__VERSIONS__URL", "");
    assert_eq!(fixture.config().versions.url, None);
}

#[test]
fn variables_in_strings() {
    let fixture =
        Fixture::new("[instance]\nhostname = \"${HOST}.example$$\"\n[settings]\na = \"${HOST}\"").env("HOST", "h1");
    let config = fixture.config();
    assert_eq!(config.instance.hostname.as_deref(), Some("h1.example$"));
    assert_eq!(config.settings["a"], json!("h1"));
}

#[test]
fn do_not_track_turns_sending_off() {
    for (value, allowed) in [
        ("1", false),
        ("true", false),
        ("yes", false),
        ("0", true),
        ("False", true),
        ("", true),
    ] {
        let reporting = Fixture::new("").env("DO_NOT_TRACK", value).config().reporting;
        assert_eq!(
            (reporting.sending_allowed(), reporting.enabled),
            (allowed, true),
            "{value:?}"
        );
    }
}

#[test]
fn a_named_file_sets_the_folder() {
    let fixture = Fixture::empty();
    std::fs::create_dir(fixture.path("etc?")).expect("a folder");
    fixture.write(
        "etc?/ping.toml",
        "definitions = \"../defs\"\n[state]\nurl = \"sqlite:state.db\"",
    );
    let config = Config::load(Some(&fixture.path("etc?/ping.toml")), &Environment::default()).expect("it loads");
    let root = fixture.folder.path().display().to_string();
    assert_eq!(config.definitions, Path::new(&root).join("etc?/../defs"));
    assert_eq!(config.state.url.expose(), format!("sqlite://{root}/etc%3F/state.db"));
}

#[test]
fn sqlite_in_memory_and_absolute_stay() {
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:///var/x.db"] {
        let fixture = Fixture::new(&format!("[state]\nurl = \"{url}\""));
        assert_eq!(fixture.config().state.url.expose(), url);
    }
}

proptest! {
    /// No text at all makes the loader panic, and what it reports lies inside the file.
    #[test]
    fn any_text_loads_or_says_why(text in "([a-z_]{1,9}|\\[|\\]|\"|\\$\\{|\\}|=|\\.|\n|url|database|postgres://|ß| |#|[0-9]){0,60}") {
        if let Err(errors) = Fixture::new(&text).load() {
            prop_assert!(!errors.problems().is_empty());
            let rendered = super::render(&errors);
            prop_assert!(!rendered.contains("OutOfBounds"), "{}", rendered);
        }
    }
}

#[test]
fn a_collector_is_named_with_what_it_asks_for() {
    let none = Fixture::empty().config().telemetry;
    assert_eq!((none.otlp, none.otlp_token, none.otlp_headers.len()), (None, None, 0));
    let fixture = Fixture::new(
        "[telemetry]\notlp = \"http://collector:4318\"\notlp_token_file = \"token\"\notlp_headers = [\"X-Tenant = a=b\"]\n",
    );
    fixture.write("token", "abc.DEF\n");
    let telemetry = fixture.config().telemetry;
    assert_eq!(telemetry.otlp.expect("an address").expose(), "http://collector:4318");
    assert_eq!(telemetry.otlp_token.expect("a token").expose(), "abc.DEF");
    let headers = telemetry.otlp_headers.iter();
    let headers: Vec<_> = headers
        .map(|header| (header.name.as_str(), header.value.expose()))
        .collect();
    assert_eq!(headers, [("x-tenant", "a=b")]);
    let by_variables = Fixture::empty()
        .env("SERVICE_PING__TELEMETRY__OTLP", "https://c.example/otlp")
        .env("SERVICE_PING__TELEMETRY__OTLP_HEADERS", "a=1,b=2");
    let telemetry = by_variables.config().telemetry;
    assert_eq!(telemetry.otlp.expect("an address").expose(), "https://c.example/otlp");
    assert_eq!(telemetry.otlp_headers.len(), 2);
}

#[test]
fn what_no_request_could_carry_is_refused_in_its_place() {
    let fixture = Fixture::new(
        "[telemetry]\notlp = \"grpc://collector:4317\"\notlp_token = \"two words\"\n\
         otlp_headers = [\"a=b\", \"none\", \"content-type=x\", \"a b=c\", \"a=\\u00fc\"]\notpl = 1\n",
    );
    let places: Vec<String> = fixture
        .problems()
        .iter()
        .map(|problem| problem.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "2:8 config::url",
        "3:14 config::out_of_range",
        "4:24 config::out_of_range",
        "4:32 config::out_of_range",
        "4:50 config::out_of_range",
        "4:59 config::out_of_range",
        "5:1 config::unknown_key",
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_prometheus_is_at_an_address_or_in_consuls_catalogue() {
    let at = |lines: &str| {
        let prometheus = Fixture::new(&format!("[prometheus]\n{lines}\n")).config().prometheus;
        prometheus.expect("a section")
    };
    for address in [":9090", "0.0.0.0:9090", "prometheus.example:9090", "[::1]:9090"] {
        let url = at(&format!("url = \"{address}\"")).url;
        assert_eq!(url, Some(PrometheusAddress::Listening(address.to_owned())));
    }
    let url = at("url = \"https://me:secret@prometheus.example/p\"")
        .url
        .expect("an address");
    assert!(matches!(url, PrometheusAddress::Url(_)));
    assert_eq!(url.to_string(), "https://me@prometheus.example/p");
    let by_consul =
        at("consul_url = \"http://localhost:8500\"\nca_file = \"ca.pem\"\ntimeout = \"2s\"\nconnections = 1");
    assert_eq!(by_consul.url, None);
    assert_eq!(
        by_consul.consul_url.map(|url| url.to_string()).as_deref(),
        Some("http://localhost:8500")
    );
    assert!(by_consul.ca_file.is_some_and(|file| file.ends_with("ca.pem")));
    assert_eq!((by_consul.timeout, by_consul.connections), (Duration::from_secs(2), 1));
}
