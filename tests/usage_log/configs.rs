//! Configurations, old and new.

use std::time::Duration;

use service_ping::config::{Config, Environment, NoticeKind, UsageLogSettings, WriterKind, WriterSettings};

use crate::jobs::Site;

/// The problems of a configuration, each with its line.
fn problems(text: &str) -> Vec<String> {
    let site = Site::new();
    std::fs::write(site.file(), text).unwrap();
    match UsageLogSettings::load(&site.file(), &Environment::default()) {
        Ok(settings) => panic!("taken: {settings:?}"),
        Err(errors) => {
            let problems = errors.problems().iter().map(|problem| {
                let place = problem.place.to_string();
                let place = place.rsplit('/').next().unwrap().to_owned();
                format!("{place}: {}", problem.kind)
            });
            problems.collect()
        }
    }
}

fn said(settings: &UsageLogSettings) -> Vec<String> {
    settings.notices.iter().map(|notice| notice.kind.to_string()).collect()
}

fn log(text: &str) -> String {
    format!("[experimental.usage_logger]\nenabled = true\n{text}")
}

#[test]
fn flat_keys_give_the_writers_that_the_table_gives() {
    let site = Site::new();
    let old = site.settings(&log(
        "log_dir = \"/var/log/usage\"\nmax_backup_files = 3\nmax_rotation_age = \"1h30m\"\nlabels = { k = \"v\" }\n",
    ));
    let new = site.settings(&log(
        "writers = [\"logrotate\"]\n[experimental.usage_logger.logrotate]\nlog_dir = \"/var/log/usage\"\n\
         max_backup_files = 3\nmax_rotation_age = 5400000000000\nlabels = { k = \"v\" }\n",
    ));
    assert_eq!(old.chosen(), new.chosen());
    assert_eq!(new.notices, []);
    let keys = ["log_dir", "max_backup_files", "max_rotation_age", "labels"];
    let deprecated: Vec<String> = keys.iter().map(|key| format!("`{key}` is deprecated")).collect();
    assert_eq!(said(&old), deprecated);
    let WriterSettings::Logrotate(logrotate) = &new.chosen()[0] else {
        panic!("{new:?}")
    };
    assert_eq!(logrotate.max_rotation_age, Duration::from_secs(5400));
    assert_eq!(logrotate.labels["k"], "v");
}

#[test]
fn the_drafts_names_give_the_writers_of_today() {
    let site = Site::new();
    let old = site.settings(&log(
        "writer = \"snowplow\"\n[experimental.usage_logger.snowplow]\ncollector_uri = \"c.example.com\"\n\
         protocol = \"http\"\nrequest_type = \"POST\"\nbase64_encode = false\nnamespace = \"gl\"\nsend_limit = 500\n",
    ));
    let new = site.settings(&log(
        "writers = [\"snowplow_billing\"]\n[experimental.usage_logger.snowplow_billing]\n\
         collector_uri = \"http://c.example.com\"\nbase64_encode = false\nnamespace = \"gl\"\nsend_limit = 500\n",
    ));
    assert_eq!(old.chosen(), new.chosen());
    assert_eq!(new.notices, []);
    let deprecated = ["writer", "snowplow", "snowplow", "protocol", "request_type"];
    let deprecated: Vec<String> = deprecated.iter().map(|key| format!("`{key}` is deprecated")).collect();
    assert_eq!(said(&old), deprecated);
}

#[test]
fn defaults_are_the_runners() {
    let site = Site::new();
    let settings = site.settings(&log(
        "writers = [\"logrotate\", \"snowplow_billing\"]\n[experimental.usage_logger.snowplow_billing]\n\
         collector_uri = \"https://c.example.com\"\n",
    ));
    assert_eq!(settings.notices, []);
    let [
        WriterSettings::Logrotate(logrotate),
        WriterSettings::SnowplowBilling(billing),
    ] = &settings.chosen()[..]
    else {
        panic!("{settings:?}")
    };
    assert_eq!(logrotate.log_dir, site.path().join("usage-log"));
    assert_eq!(logrotate.max_backup_files, 14);
    assert_eq!(logrotate.max_rotation_age, Duration::from_secs(24 * 3600));
    assert_eq!(billing.app_id, "gitlab-runner");
    assert_eq!(billing.category, "runner_compute_usage");
    assert_eq!(
        (billing.realm.as_str(), billing.deployment_type.as_str()),
        ("SM", "self-managed")
    );
    assert!(!billing.enable_oidc && billing.skip_oidc_if_unsupported_cloud && billing.skip_runner_system_failure);
    assert_eq!(
        billing.batch_delivery_duration_buckets,
        [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]
    );
    let off = site.settings("[experimental.usage_logger]\n");
    assert_eq!(
        (off.chosen(), off.writers.as_slice()),
        (Vec::new(), &[WriterKind::Logrotate][..])
    );
    assert_eq!(site.settings(&log("")).writers, [WriterKind::Logrotate]);
    assert_eq!(
        site.settings("concurrent = 4\n[[runners]]\nurl = \"$x ${y}\"\n")
            .chosen(),
        []
    );
}

#[test]
fn what_is_not_above_0_is_as_if_it_were_not_said() {
    let site = Site::new();
    for (files, age) in [
        ("0", "0"),
        ("-1", "\"-1h\""),
        ("-9223372036854775808", "\"0s\""),
        ("0", "-5"),
    ] {
        let settings = site.settings(&log(&format!(
            "max_backup_files = 2\nmax_rotation_age = \"1h\"\n[experimental.usage_logger.logrotate]\n\
             max_backup_files = {files}\nmax_rotation_age = {age}\nlog_dir = \"\"\n"
        )));
        assert_eq!(settings.logrotate.max_backup_files, 14);
        assert_eq!(settings.logrotate.max_rotation_age, Duration::from_secs(24 * 3600));
        assert_eq!(settings.logrotate.log_dir, site.path().join("usage-log"));
        assert_eq!(
            said(&settings),
            [
                "`max_backup_files` has no effect: the table says it as well",
                "`max_backup_files` is not above 0, and its default stands",
                "`max_rotation_age` has no effect: the table says it as well",
                "`max_rotation_age` is not above 0, and its default stands",
            ]
        );
    }
}

#[test]
fn a_writer_that_cannot_be_is_left_out_and_the_others_go_on() {
    let site = Site::new();
    let settings = site.settings(&log(
        "writers = [\"syslog\", \"logrotate\", \"snowplow_billing\", \"logrotate\"]\n",
    ));
    assert_eq!(settings.chosen().len(), 1);
    assert_eq!(
        said(&settings),
        [
            "there is no writer \"syslog\": it is left out",
            "the writer snowplow_billing is left out: it lacks `collector_uri`",
        ]
    );
    assert!(settings.notices.iter().all(|notice| notice.kind.is_error()));
    let none = site.settings(&log("writers = [\"syslog\"]\n"));
    assert_eq!(none.chosen(), []);
    assert_eq!(none.notices[1].kind, NoticeKind::NoWriter);
    let table = "[experimental.usage_logger.snowplow_billing]\napp_id = \"a\"\n";
    let lacking = site.settings(&log(&format!("writers = [\"snowplow_billing\"]\n{table}")));
    assert_eq!(lacking.chosen(), []);
    assert_eq!(lacking.notices[0].kind, NoticeKind::NoCollector);
    // A table that nobody asks for need not be whole.
    assert_eq!(site.settings(&log(table)).notices, []);
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    let tables = "[experimental.usage_logger.snowplow]\ncollector_uri = \"https://a\"\n\
                  [experimental.usage_logger.snowplow_billing]\ncollector_uri = \"https://a\"\n";
    assert_eq!(
        problems(&log(tables)),
        ["config.toml:3:28: `snowplow` and `snowplow_billing` exclude each other"]
    );
    assert_eq!(
        problems(&log("writer = \"logrotate\"\nwriters = [\"snowplow_billing\"]\n")),
        ["config.toml:3:10: `writer` and `writers` exclude each other"]
    );
    let site = Site::new();
    let same = site.settings(&log("writer = \"snowplow\"\nwriters = [\"snowplow_billing\"]\n"));
    assert_eq!(same.writers, [WriterKind::SnowplowBilling]);
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    let billing = |key: &str| {
        log(&format!(
            "[experimental.usage_logger.snowplow_billing]\ncollector_uri = \"https://a\"\n{key}\n"
        ))
    };
    let rotate = |key: &str| log(&format!("[experimental.usage_logger.logrotate]\n{key}\n"));
    for (text, expected) in [
        (
            billing("request_type = \"get\""),
            "config.toml:5:16: `request_type` must be `post`: no other request is sent",
        ),
        (
            billing("realm = \"moon\""),
            "config.toml:5:9: `realm` must be `SM`, `SaaS` or `Dedicated`",
        ),
        (
            billing("protocol = \"ftp\""),
            "config.toml:5:12: `protocol` must be `https` or `http`",
        ),
        (
            billing("protocol = \"http\""),
            "config.toml:5:12: `protocol` and `collector_uri` exclude each other",
        ),
        (
            billing("send_limit = 0"),
            "config.toml:5:14: `send_limit` must be an integer from 1 to 1000",
        ),
        (
            billing("enable_oidc = \"maybe\""),
            "config.toml:5:15: `enable_oidc` must be true or false, found a string",
        ),
        (
            billing("batch_delivery_duration_buckets = [1.0, 0.5]"),
            "config.toml:5:35: `batch_delivery_duration_buckets` must be a list of 1 to 100 numbers above 0, each above \
             the one before it",
        ),
        (
            billing("colector_uri = 1"),
            "config.toml:5:1: unknown key `colector_uri` in [experimental.usage_logger.snowplow_billing]",
        ),
        (
            rotate("max_rotation_age = \"soon\""),
            "config.toml:4:20: `max_rotation_age` must be a duration such as \"24h\" or \"1h30m\", or a whole number of nanoseconds",
        ),
        (
            rotate("max_backup_files = \"3\""),
            "config.toml:4:20: `max_backup_files` must be a whole number, found a string",
        ),
        (
            rotate("labels = 3"),
            "config.toml:4:10: `labels` must be a table, found an integer",
        ),
        (
            rotate("labels = { a = 1 }"),
            "config.toml:4:16: `a` must be a string, found an integer",
        ),
        (
            log("writers = \"logrotate\"\n"),
            "config.toml:3:11: `writers` must be a list of strings, found a string",
        ),
        (
            log("unknown = 1\n"),
            "config.toml:3:1: unknown key `unknown` in [experimental.usage_logger]",
        ),
    ] {
        assert_eq!(problems(&text), [expected], "{text}");
    }
    let no_toml = problems("[experimental.usage_logger\n");
    assert!(no_toml[0].contains("this is not TOML"), "{no_toml:?}");
}

#[test]
fn our_own_configuration_has_the_same_table_and_variables_win() {
    let site = Site::new();
    let text = log("[experimental.usage_logger.logrotate]\nmax_backup_files = 3\n");
    let settings = site.settings(&text);
    let config = Config::load(Some(&site.file()), &Environment::default()).unwrap();
    assert_eq!(config.experimental.usage_logger, settings);
    let variables = [(
        "SERVICE_PING__EXPERIMENTAL__USAGE_LOGGER__LOGROTATE__MAX_BACKUP_FILES",
        "5",
    )];
    let environment: Environment = variables.into_iter().collect();
    let other = UsageLogSettings::load(&site.file(), &environment).unwrap();
    assert_eq!(other.logrotate.max_backup_files, 5);
    std::fs::write(site.file(), "[experimental]\nother = 1\n").unwrap();
    assert!(Config::load(Some(&site.file()), &Environment::default()).is_err());
}
