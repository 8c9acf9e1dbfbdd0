//! The way to a licence application: it is told of every licence ping, by a command or by a POST.
//!
//! What was told is kept, and what was not is told later: after a failure, after a restart, by whichever receiver comes
//! first. So an application may hear of a ping twice, and of several pings of an instance at once, as of the last.

use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::json;

use super::store::{LicensePing, ReceiverStore};
use crate::emit::run_command;
use crate::versions::webhook::post_webhook;

/// How long one telling may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Between looks at what is to be told.
const PAUSE: Duration = Duration::from_secs(5);
/// Failures in succession after which the application is left alone for a while.
const PATIENCE: usize = 3;
/// After an application that could not be told.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LicenseHook {
    /// A program that reads the document from its standard input, and ends with 0 if it has understood.
    Command(String),
    /// An address that takes the document, and answers 2xx.
    Url(String),
}

impl LicenseHook {
    /// An address, or a program's path.
    pub fn parse(text: &str) -> LicenseHook {
        match text.starts_with("https://") || text.starts_with("http://") {
            true => LicenseHook::Url(text.to_owned()),
            false => LicenseHook::Command(text.to_owned()),
        }
    }

    /// Tells for ever.
    pub(super) async fn tell_all(self, store: ReceiverStore) {
        let mut place = 0;
        loop {
            let pause = match self.tell_some(&store, &mut place).await {
                Ok(()) => PAUSE,
                Err(message) => {
                    tracing::warn!("The licence application was not told; it is tried again: {message}");
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Tells what comes after a place. One ping that is not understood does not keep others back; after some in succession
    /// the application is taken for being away, and the next pass goes on where this one stopped.
    async fn tell_some(&self, store: &ReceiverStore, place: &mut i64) -> Result<(), String> {
        let (mut in_succession, mut last) = (0, Ok(()));
        while let Some(ping) = store.untold_license(*place).await.map_err(|error| error.to_string())? {
            *place = ping.instance();
            match self.tell(document(&ping)).await {
                Ok(()) => {
                    store.license_told(&ping).await.map_err(|error| error.to_string())?;
                    in_succession = 0;
                }
                Err(message) => {
                    in_succession += 1;
                    last = Err(message);
                }
            }
            if in_succession >= PATIENCE {
                return last;
            }
        }
        *place = 0;
        last
    }

    async fn tell(&self, document: String) -> Result<(), String> {
        match self {
            LicenseHook::Url(url) => post_webhook(url, document, TIMEOUT).await,
            LicenseHook::Command(program) => run_command(program, &[], document, TIMEOUT).await,
        }
    }
}

fn document(ping: &LicensePing) -> String {
    json!({
        "uuid": ping.uuid,
        "hostname": ping.hostname,
        "version": ping.version,
        "license_id": ping.license_id,
        "license_md5": ping.license_md5,
        "license_sha256": ping.license_sha256,
        "last_ping_at": ping.pinged_at.to_rfc3339_opts(SecondsFormat::Millis, true),
    })
    .to_string()
}
