//! Configurations at random: whatever they say, reading ends, and what is taken can be opened or is left out.

use proptest::prelude::*;
use service_ping::config::{Environment, UsageLogSettings, WriterKind};

use crate::jobs::Site;

const KEYS: [&str; 24] = [
    "enabled",
    "writers",
    "writer",
    "log_dir",
    "max_backup_files",
    "max_rotation_age",
    "labels",
    "logrotate",
    "snowplow",
    "snowplow_billing",
    "collector_uri",
    "app_id",
    "realm",
    "metadata",
    "protocol",
    "request_type",
    "base64_encode",
    "send_limit",
    "batch_delivery_duration_buckets",
    "gzip",
    "max_file_mib",
    "deployment_type",
    "spool",
    "fsync",
];

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|is| is.to_string()),
        prop_oneof![
            Just("inf".to_owned()),
            Just("nan".to_owned()),
            Just("1.5".to_owned()),
            Just("-0.0".to_owned()),
            Just("1979-05-27T07:32:00Z".to_owned()),
            Just("\"snowplow\"".to_owned()),
            Just("\"logrotate\"".to_owned()),
            Just("\"https://c.example.com\"".to_owned()),
            Just("\"1h30m\"".to_owned()),
            Just("\"${HOME}\"".to_owned()),
        ],
        "[ -!#-\\[\\]-~äµ]{0,12}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            proptest::collection::btree_map(proptest::sample::select(&KEYS[..]), inner, 0..4).prop_map(|entries| {
                let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }),
        ]
    })
}

fn table() -> impl Strategy<Value = String> {
    let entries = proptest::collection::btree_map(proptest::sample::select(&KEYS[..]), value(), 0..8);
    entries.prop_map(|entries| {
        entries
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect()
    })
}

fn read(text: &str) -> Option<UsageLogSettings> {
    let site = Site::new();
    std::fs::write(site.file(), text).unwrap();
    match UsageLogSettings::load(&site.file(), &Environment::default()) {
        Ok(settings) => Some(settings),
        Err(errors) => {
            assert!(!errors.problems().is_empty());
            None
        }
    }
}

/// What holds of whatever is taken.
fn check(settings: &UsageLogSettings) {
    let logrotate = &settings.logrotate;
    assert!(logrotate.max_backup_files > 0 && !logrotate.max_rotation_age.is_zero());
    let is_off = settings.chosen().is_empty();
    let is_said = settings.notices.iter().any(|notice| notice.kind.is_error());
    assert!(!(settings.enabled && is_off) || is_said, "{settings:?}");
    for kind in WriterKind::ALL {
        assert!(settings.writers.iter().filter(|writer| **writer == kind).count() <= 1);
    }
}

proptest! {
    #[test]
    fn any_table_is_read_or_refused(top in table(), rotate in table(), billing in table()) {
        let text = format!(
            "[experimental.usage_logger]\n{top}\n[experimental.usage_logger.logrotate]\n{rotate}\n\
             [experimental.usage_logger.snowplow_billing]\n{billing}"
        );
        if let Some(settings) = read(&text) {
            check(&settings);
        }
        if let Some(settings) = read(&format!("[experimental.usage_logger]\n{top}")) {
            check(&settings);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = read(&text);
        let _ = read(&format!("[experimental.usage_logger]\n{text}"));
    }

    /// The independent reading of a duration: the sum of its parts.
    #[test]
    fn go_durations_are_the_sum_of_their_parts(hours in 0_u64..1000, minutes in 0_u64..100, ms in 1_u64..100_000) {
        let text = format!(
            "[experimental.usage_logger.logrotate]\nmax_rotation_age = \"{hours}h{minutes}m{ms}ms\"\n"
        );
        let settings = read(&text).expect("it is one");
        let expected = (hours * 3600 + minutes * 60) * 1000 + ms;
        prop_assert_eq!(settings.logrotate.max_rotation_age.as_millis(), u128::from(expected));
    }
}
