//! The verb `versions`, started on a free port, and what it holds.

use service_ping::versions::receiver::{ReceivedMetadata, ReceivedPayload, ReceiverStore};

use crate::instance::block_on;
use crate::support::cli::{Cli, Running};

/// A running `versions` with its store in the folder of a [`Cli`].
pub struct Receiver {
    running: Running,
    pub url: String,
}

impl Receiver {
    pub fn start(cli: &Cli) -> Receiver {
        Receiver::start_at(cli, "127.0.0.1:0")
    }

    pub fn start_at(cli: &Cli, address: &str) -> Receiver {
        let mut running = cli.start(&["versions", "--listen", address, "--store", "versions.db"]);
        let line = running.line_with("listening on ");
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.expect("the line says where").trim_end_matches(',').to_owned();
        Receiver { running, url }
    }

    /// Stops it as a service manager does, and gives its exit code and what it said.
    pub fn stop(self) -> (Option<i32>, Vec<String>) {
        self.running.signal("TERM");
        self.running.wait()
    }
}

/// What the store in the folder of `cli` holds, in the order that it came.
pub fn payloads(cli: &Cli) -> Vec<ReceivedPayload> {
    block_on(async { store(cli).await.payloads().await.expect("the store answers") })
}

pub fn metadata(cli: &Cli) -> Vec<ReceivedMetadata> {
    block_on(async { store(cli).await.metadata().await.expect("the store answers") })
}

async fn store(cli: &Cli) -> ReceiverStore {
    let file = cli.folder().join("versions.db");
    let store = ReceiverStore::open(&format!("sqlite://{}", file.display())).await;
    store.expect("the store opens")
}
