//! A secret shows nowhere but where it is exposed.

use proptest::prelude::*;

use super::{Fixture, render};
use service_ping::config::Url;

const SCHEMES: [&str; 3] = ["postgres", "redis-cluster", "https"];

#[test]
fn a_secret_file_is_read_trimmed_and_relative() {
    let fixture = Fixture::new("[database.main]\nurl_file = \"db.url\"\n");
    fixture.write("db.url", "postgres://u:hunter2@h/db\n");
    assert_eq!(
        fixture.config().databases["main"].url.expose(),
        "postgres://u:hunter2@h/db"
    );
}

#[test]
fn a_variable_takes_the_place_of_the_other_spelling() {
    let fixture = Fixture::new("[versions]\nurl_file = \"/nowhere\"\n[state]\nurl = \"sqlite://x\"\n")
        .env("SERVICE_PING__VERSIONS__URL", "https://v.example")
        .env("SERVICE_PING__STATE__URL_FILE", "state.url");
    fixture.write("state.url", "postgres://h/state");
    let config = fixture.config();
    assert_eq!(
        config.versions.url.map(|url| url.to_string()).as_deref(),
        Some("https://v.example")
    );
    assert_eq!(config.state.url.expose(), "postgres://h/state");
}

#[test]
fn neither_debug_nor_display_shows_a_secret() {
    let fixture = Fixture::new(
        r#"
        [database.main]
        url = "postgres://u:${PW}@h/db?password=hunter2"
        replicas = ["postgres://u:hunter2@r/db"]
        [event_store]
        url = "redis-sentinel://:hunter2@a:1,b:2/x"
        [versions]
        url = "https://v.example/in?token=hunter2"
        [telemetry]
        otlp = "http://u:hunter2@collector:4318"
        otlp_token = "hunter2"
        otlp_headers = ["x-key=hunter2"]
        [prometheus]
        url = "https://me:hunter2@prometheus.example"
        consul_url = "http://me:hunter2@consul.example"
        consul_token = "hunter2"
        bearer_token = "hunter2"
        [hooks]
        webhook = "https://me:hunter2@hooks.example"
        "#,
    )
    .env("PW", "hunter2");
    let config = fixture.config();
    let shown = format!("{config:?} {config:#?} {}", config.databases["main"].url);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("Url(postgres://u@h/db)"), "{shown}");
    assert!(config.databases["main"].url.expose().contains("u:hunter2@"));
    let token = config.prometheus.and_then(|prometheus| prometheus.bearer_token);
    assert_eq!(token.map(|token| token.expose().to_owned()).as_deref(), Some("hunter2"));
}

#[test]
fn errors_show_no_secret_even_where_the_file_does_not_parse() {
    let texts = [
        "[database.main]\nurl = \"postgres://u:hunter2@h:port/db\"\n",
        "[database.main]\nurl = \"postgress://u:hunter2@h/db\"\n",
        "[database.main]\nurl = \"postgres://u:hunter2@h/db\" oops\n",
        "[database.main]\nurl = \"postgres://u:hun/hunter2@h/db\n",
        "[database.main]\npassword = \"hunter2\"\n",
        "[versions]\nurl = \"https://v/?hunter2\"\nurl_file = \"x\"\n",
        "[database.main]\nurl = 3 # postgres://u:hunter2@h\n",
        "[telemetry]\notlp_token = \"hunter2 hunter2\"\n",
        "[telemetry]\notlp_token = \"hunter2\"\notlp_token_file = \"x\"\n",
        "[telemetry]\notlp_headers = [\n  \"a=hunter2\",\n  \"host=hunter2\",\n  \"hunter2\"\n]\n",
    ];
    for text in texts {
        let errors = Fixture::new(text).errors();
        let shown = format!("{} {errors:?} {errors}", render(&errors));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn an_error_in_a_variable_or_secret_file_shows_no_secret() {
    let fixture = Fixture::new("[state]\nurl_file = \"s\"\n").env("SERVICE_PING__VERSIONS__URL", "hunter2");
    fixture.write("s", "mysql://u:hunter2@h");
    let shown = render(&fixture.errors());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("SERVICE_PING__VERSIONS__URL"), "{shown}");
}

proptest! {
    /// Whatever a password holds, encoded or not, nothing of it is shown.
    #[test]
    fn no_part_of_a_password_is_shown(secret in "ZQX([/@?:#%]|[A-Z]){0,8}QZX", scheme in 0..SCHEMES.len()) {
        let text = format!("{}://user:{secret}@host/path", SCHEMES[scheme]);
        if let Ok(url) = Url::parse(&text, &SCHEMES) {
            let shown = format!("{url} {url:?}");
            prop_assert!(!shown.contains(|c: char| c.is_ascii_uppercase() && c != 'U'), "{}", shown);
        }
        let errors = Fixture::new(&format!("[x]\nurl = \"{text}\"\n[instance]\nuuid = 1")).errors();
        let shown = render(&errors);
        prop_assert!(!shown.contains("ZQX") && !shown.contains("QZX"), "{}", shown);
    }
}
