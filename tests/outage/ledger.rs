//! What an instance has made, against what its receiver holds.

use serde_json::Value;

use crate::front::Front;
use crate::instance::{json, small_with};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::{Cli, Outcome};

/// An instance, its receiver with a front before it, and every payload that was made, in its order.
pub struct Ledger {
    pub cli: Cli,
    pub front: Front,
    receiver: Receiver,
    /// The instant and the payload of each run.
    pub made: Vec<(String, String)>,
}

/// Runs are told apart by what their payload says of the time.
const RECORDED_AT: &str = "key_path: recorded_at\ndescription: When.\nvalue_type: string\nstatus: active\ntime_frame: none\n\
                           data_source: system\ninstrumentation_class: RecordedAtMetric\n";

impl Ledger {
    pub fn new(lines: &str) -> Ledger {
        let cli = small_with(lines);
        cli.write("metrics/recorded_at.yml", RECORDED_AT);
        let receiver = Receiver::start(&cli);
        let front = Front::of(&receiver.url);
        Ledger {
            cli,
            front,
            receiver,
            made: Vec::new(),
        }
    }

    /// Runs the job at an instant, pointed at `url`, with one attempt and little time for it.
    pub fn run(&mut self, now: &str, url: &str) -> Outcome {
        let outcome = self.command(&["run", "--now", now, "--output", "made.json", "--format", "json"], url);
        self.made.push((now.to_owned(), self.cli.read("made.json")));
        outcome
    }

    /// Delivers what waits, likewise.
    pub fn submit(&self, now: &str, url: &str) -> Outcome {
        self.command(&["submit", "--now", now, "--format", "json"], url)
    }

    fn command(&self, arguments: &[&str], url: &str) -> Outcome {
        let mut command = self.cli.command(arguments);
        command
            .env("SERVICE_PING__VERSIONS__URL", url)
            .env("SERVICE_PING__VERSIONS__ATTEMPTS", "1")
            .env("SERVICE_PING__VERSIONS__TIMEOUT", "2s");
        let output = command.output().expect("the binary runs");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Past runs, newest first.
    pub fn history(&self) -> Vec<Value> {
        let listed = self
            .cli
            .run(&["history", "--limit", "10000", "--format", "json"])
            .expect_code(0);
        json(&listed.stdout)["runs"].as_array().expect("a list").clone()
    }

    /// Ends the receiver and makes sure that it holds each payload that the instance takes for sent, once, under the one key
    /// that the instance keeps for it, in the order they were made, and the metadata of each. Beside them it may hold what
    /// it took in without an answer and then refused. Gives the number of those that were sent.
    pub fn close(self) -> usize {
        let (mut sent, mut followed, mut known) = (0, 0, Vec::new());
        for run in self.history().iter().rev() {
            let id = run["run_id"].as_str().expect("an id");
            let shown = self.cli.run(&["history", id, "--format", "json"]).expect_code(0);
            let report = json(&shown.stdout)["report"].clone();
            let now = run["recorded_at"].as_str().expect("an instant").replace(".000Z", "Z");
            let made = self.made.iter().find(|(at, _)| *at == now).expect("it was made");
            let key = report["idempotency_key"].as_str().expect("a key").to_owned();
            let settled = report["delivery"].as_str().expect("a word").to_owned();
            assert!(settled == "sent" || settled == "rejected", "{report}");
            sent += usize::from(settled == "sent");
            followed += usize::from(report["metadata_delivery"] == "sent");
            known.push((key, made.1.clone(), settled));
        }
        self.receiver.stop();
        let mut arrived = payloads(&self.cli).into_iter().peekable();
        for (key, payload, settled) in known {
            let is_here = arrived
                .peek()
                .is_some_and(|next| next.idempotency_key.as_ref() == Some(&key));
            assert!(
                is_here || settled == "rejected",
                "{key} did not arrive, or not in its order"
            );
            if is_here {
                assert!(
                    arrived.next().is_some_and(|next| next.payload == payload),
                    "{key} arrived as another"
                );
            }
        }
        assert_eq!(arrived.count(), 0, "more than was made, or twice, or in another order");
        let metadata = metadata(&self.cli);
        let mut keys: Vec<_> = metadata.iter().map(|one| &one.idempotency_key).collect();
        keys.dedup();
        assert!(
            keys.len() == metadata.len() && metadata.len() >= followed,
            "metadata of each, once"
        );
        sent
    }
}
