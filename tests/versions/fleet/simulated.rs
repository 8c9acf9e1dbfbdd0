//! Simulated instances: the same ones in every test and every run.

use serde_json::{Value, json};
use uuid::Uuid;

/// How many a fleet has.
pub const FLEET: u64 = 500;

pub fn uuid(instance: u64) -> String {
    Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0000 + u128::from(instance)).to_string()
}

/// The payload of an instance's week. Some instances lack counters, some counters failed, some have nobody in them.
pub fn payload(instance: u64, week: u64) -> Value {
    let draw = |what: u64, below: u64| scramble(instance * 1_000_003 + week * 97 + what * 7_919) % below;
    let count = |what: u64, below: u64| match draw(what + 100, 20) {
        0 => json!(-1),
        _ => json!(draw(what, below)),
    };
    let mut counts = json!({
        "issues": count(1, 100_000), "notes": count(2, 1_000_000), "milestones": count(3, 500), "boards": count(4, 300),
        "merge_requests": count(5, 50_000), "ci_internal_pipelines": count(6, 90_000),
        "ci_external_pipelines": count(7, 900), "environments": count(8, 700), "deployments": count(9, 7_000),
        "projects": draw(10, 5_000), "projects_prometheus_active": count(11, 900),
    });
    if !instance.is_multiple_of(3) {
        counts["service_desk_issues"] = count(12, 2_000);
    }
    json!({
        "uuid": uuid(instance),
        "hostname": format!("host-{instance}.example"),
        "version": format!("17.{}.0", instance % 7),
        "edition": if instance.is_multiple_of(4) { "CE" } else { "EE" },
        "installation_type": "omnibus",
        "license_id": if instance.is_multiple_of(4) { Value::Null } else { json!(1000 + instance) },
        "active_user_count": draw(13, 2_000) + u64::from(!instance.is_multiple_of(50)),
        "recorded_at": format!("2026-{:02}-{:02}T00:00:00Z", 1 + week / 4, 1 + 7 * (week % 4)),
        "counts": counts,
    })
}

/// SplitMix64, so that neighbours differ.
fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
