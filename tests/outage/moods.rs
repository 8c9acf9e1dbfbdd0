//! Runs and deliveries at a receiver whose moods change by chance, for as long as is wished (`scripts/soak outbox`).

use crate::front::Mood;
use crate::ledger::Ledger;
use crate::size::{MOST, Scales};

/// Steps of a run with the tests; SERVICE_PING_STEPS sets another number.
const STEPS: u64 = 30;

const MOODS: [Mood; 10] = [
    Mood::Forward,
    Mood::HangUp,
    Mood::Status(500, ""),
    Mood::Status(429, "retry-after: 7200\r\n"),
    Mood::Status(408, ""),
    Mood::Status(422, ""),
    Mood::MetadataStatus(503),
    Mood::Slow,
    Mood::Truncated,
    Mood::Lost,
];

/// Numbers that a seed repeats (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

fn set(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn whatever_mood_the_receiver_is_in_each_payload_arrives_once_or_is_refused() {
    let steps = set("SERVICE_PING_STEPS").unwrap_or(STEPS);
    let seed = set("SERVICE_PING_SEED").unwrap_or_else(|| 1 + u64::from(std::process::id()));
    println!("{steps} steps, SERVICE_PING_SEED={seed}");
    let mut chance = Chance(seed);
    let mut ledger = Ledger::new("[state]\nkeep_runs = 10000\noutbox_reports = 1000\n");
    let scales = Scales::under(&ledger.cli.folder().join("service-ping.db"));
    let front = ledger.front.url();
    let mut now: chrono::DateTime<chrono::Utc> = "2026-01-01T00:00:00Z".parse().expect("an instant");
    for step in 0..steps {
        now += chrono::TimeDelta::minutes(1 + i64::try_from(chance.below(600)).expect("a small number"));
        let mood = MOODS[usize::try_from(chance.below(MOODS.len() as u64)).expect("a small number")];
        ledger.front.set(mood);
        let text = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let outcome = match chance.below(3) {
            0 => ledger.submit(&text, &front),
            _ => ledger.run(&text, &front),
        };
        assert!(
            matches!(outcome.code, Some(0 | 4)),
            "step {step}, {mood:?}, seed {seed}: {outcome:?}"
        );
    }
    ledger.front.set(Mood::Forward);
    let end = (now + chrono::TimeDelta::days(8))
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    ledger.submit(&end, &front).expect_code(0);
    assert!(scales.most() < MOST, "{} bytes, seed {seed}", scales.most());
    let made = ledger.made.len();
    let arrived = ledger.close();
    println!(
        "{made} payloads were made, {arrived} were taken, each once and in order; the others were refused for good"
    );
}
