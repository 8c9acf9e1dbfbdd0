//! What was answered with 200 is in the store, or in the spool, whatever becomes of the process.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::place::Place;
use crate::support::redis::server::Redis;
use crate::support::wait::wait_until;

const EVENTS: u64 = 300;

/// Sends events from several threads until the server is killed in their midst; how many were acknowledged.
fn killed_in_the_midst(place: &Place, token: &str) -> u64 {
    let serving = place.serve();
    let acknowledged = AtomicU64::new(0);
    let sent = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    sent.fetch_add(1, Ordering::Relaxed);
                    let asking = serving_post(&serving.address).token(token);
                    let asking = asking.json(&json!({"event": "source_code_pushes"}));
                    let answer = std::panic::catch_unwind(|| asking.send());
                    match answer {
                        Ok(answer) if answer.status == 200 => acknowledged.fetch_add(1, Ordering::Relaxed),
                        _ => return,
                    };
                }
            });
        }
        wait_until("enough was taken", || acknowledged.load(Ordering::Relaxed) >= EVENTS);
        serving.running.signal("KILL");
    });
    serving.running.wait();
    acknowledged.load(Ordering::Relaxed)
}

fn serving_post(address: &str) -> crate::client::Asking {
    crate::client::Asking::new(address, "POST", "/usage_data/increment_counter")
}

/// The next process writes what is left; the counter is at least what was acknowledged, and at most what was sent: a request
/// whose answer was cut off may have been taken.
fn counted_after(place: &Place, acknowledged: u64, unanswered: u64) {
    place.serve().stop();
    let value = place.value("counts.source_code_pushes").as_u64().expect("a number");
    assert!(
        (acknowledged..=acknowledged + unanswered).contains(&value),
        "{acknowledged} were acknowledged, {value} are counted"
    );
}

#[test]
fn what_was_acknowledged_survives_a_kill_with_the_embedded_store() {
    let place = Place::new("[server]\nrate_limit = 0");
    let token = place.token(&["app", "--scope", "track"]);
    let acknowledged = killed_in_the_midst(&place, &token);
    counted_after(&place, acknowledged, 4);
}

#[test]
fn what_was_acknowledged_survives_a_kill_with_redis() {
    let redis = Redis::start();
    let place = Place::with_store(&format!("url = \"{}\"", redis.url()), "[server]\nrate_limit = 0");
    let token = place.token(&["app", "--scope", "track"]);
    let mut acknowledged = 0;
    for round in 1..=3 {
        acknowledged += killed_in_the_midst(&place, &token);
        counted_after(&place, acknowledged, 4 * round);
    }
}

#[test]
fn what_was_acknowledged_waits_for_a_redis_that_is_away() {
    let redis = Redis::start();
    let place = Place::with_store(&format!("url = \"{}\"", redis.url()), "[server]\nrate_limit = 0");
    let token = place.token(&["app", "--scope", "track"]);
    redis.kill();
    let acknowledged = killed_in_the_midst(&place, &token);
    redis.start_again();
    counted_after(&place, acknowledged, 4);
}
