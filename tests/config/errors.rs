//! What is refused, where, and in which words.

use std::path::Path;

use service_ping::config::{Config, Environment};

use super::{Fixture, render};

#[test]
fn all_problems_at_once_in_the_order_of_the_file() {
    let fixture = Fixture::new(
        r#"definition = "."
[database.main]
ulr = "sqlite://x.db"
statement_timeout = "15"
connections = 40
lock_timeout = 2
[event_store]
url = "memcached://a"
[versions]
url = "versions.example"
attempts = "three"
[reporting]
enabled = "yes"
categories = ["standard", "optionl"]
disabled_metrics = ["a[", 3]
[feature_flags]
x = 1
[settings]
list = [nan]
[prometeus]
"#,
    )
    .env("SERVICE_PING__DATABASE__CI__URI", "sqlite://x")
    .env("SERVICE_PING__REPORTING__ENABLE", "1")
    .env("SERVICE_PING__VERSIONS__TIMEOUT", "soon");
    insta::assert_snapshot!("all_problems", fixture.problems().join("\n"));
}

#[test]
fn several_syntax_errors_at_once() {
    let fixture = Fixture::new("definitions = \n[instance\nhostname = \"x\"\n[state]\nurl = sqlite\n");
    insta::assert_snapshot!("syntax", fixture.problems().join("\n"));
}

#[test]
fn an_unset_variable_names_file_line_and_variable() {
    let fixture = Fixture::new("[instance]\nhostname = \"a${UNSET_HOST}\"\nversion = \"${\"\n");
    let expected = [
        "2:14 config::unset_variable the variable UNSET_HOST is not set",
        "3:12 config::malformed_variable `${` does not begin a variable's name and a closing brace",
    ];
    assert_eq!(fixture.problems(), expected);
}

#[test]
fn a_person_sees_line_caret_and_advice() {
    let fixture = Fixture::new("[reporting]\nenabeld = true\n[database.main]\n").env("SERVICE_PING__STATE__URI", "x");
    let text = render(&fixture.errors()).replace(&fixture.folder.path().display().to_string(), "<folder>");
    insta::assert_snapshot!("report", text);
}

#[test]
fn a_missing_file_is_named() {
    let errors = Config::load(Some(Path::new("/nowhere/x.toml")), &Environment::default()).expect_err("no such file");
    assert_eq!(errors.problems().len(), 1);
    assert!(
        errors.problems()[0]
            .to_string()
            .starts_with("/nowhere/x.toml: the file cannot be read: ")
    );
}

#[test]
fn url_and_url_file_exclude_each_other() {
    let fixture = Fixture::new("[state]\nurl = \"sqlite://a\"\nurl_file = \"b\"\n");
    fixture.write("b", "sqlite://b");
    assert_eq!(
        fixture.problems(),
        ["3:12 config::conflict `url` and `url_file` exclude each other"]
    );
}

#[test]
fn a_missing_secret_file_is_named() {
    let fixture = Fixture::new("[state]\nurl_file = \"/nowhere/secret\"\n");
    let problems = fixture.problems();
    let expected = "2:12 config::unreadable_secret `url_file`: /nowhere/secret cannot be read: ";
    assert!(problems.len() == 1 && problems[0].starts_with(expected), "{problems:?}");
}

#[test]
fn a_throttle_that_means_nothing_is_refused() {
    let fixture = Fixture::new(
        "[database.main]\nurl = \"sqlite://a\"\nhours = \"22-6\"\nthrottle_query = \"DELETE FROM load\"\n\
         max_replication_lag = \"0s\"\nmax_active_sessions = -1\nmax_groups = 0\n[run]\nbudget = \"soon\"\n",
    );
    let expected = [
        "3:9 config::out_of_range `hours` must be hours such as \"22:00-06:00\"",
        "4:18 config::out_of_range `throttle_query` must be one SELECT",
        "5:23 config::out_of_range `max_replication_lag` must be a duration such as \"15s\", \"500ms\" or \"2m\"",
        "6:23 config::out_of_range `max_active_sessions` must be an integer from 0 to 100000",
        "7:14 config::out_of_range `max_groups` must be an integer from 1 to 100000",
        "9:10 config::out_of_range `budget` must be a duration such as \"15s\", \"500ms\" or \"2m\"",
    ];
    assert_eq!(fixture.problems(), expected);
}

#[test]
fn a_prometheus_says_where_it_is_and_one_way_to_be_let_in() {
    let problems = |lines: &str| Fixture::new(&format!("[prometheus]\n{lines}\n")).problems().join("; ");
    for (lines, says) in [
        ("", "[prometheus] lacks `url`"),
        ("url = \"prometheus.example\"", "config::url"),
        ("url = \"ftp://prometheus.example\"", "config::url"),
        ("url = \":99999\"", "config::url"),
        ("url = \"me:secret@prometheus.example:9090\"", "config::url"),
        ("url = \":9090\"\npassword = \"x\"", "lacks `username`"),
        ("url = \":9090\"\nclient_key = \"x\"", "lacks `client_certificate`"),
        (
            "url = \":9090\"\nusername = \"x\"\nbearer_token = \"y\"",
            "`username` and `bearer_token` exclude each other",
        ),
        (
            "url = \":9090\"\nbearer_token = \"x\"\nbearer_token_file = \"y\"",
            "config::conflict",
        ),
        ("url = \":9090\"\nconnections = 17", "an integer from 1 to 16"),
    ] {
        let problems = problems(lines);
        assert!(
            problems.contains(says) && !problems.contains("secret"),
            "{lines}: {problems}"
        );
    }
}
