//! What a job leaves to be told of: a process of its own gets it, which nobody waits for.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::emit::job_telemetry::{Endpoint, JobSpans, PayloadAuth, PayloadEndpoint, Protocol};

/// The document that is handed over, through a pipe and never a file. Tokens are not in it: who gets it reads the same
/// configuration.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HandOver {
    /// A request of OTLP, in base64.
    spans: String,
    age_ms: u64,
    collectors: Vec<HandedCollector>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HandedCollector {
    /// One that a payload named; else it is the configured one.
    url: Option<String>,
    protocol: Option<String>,
    audience: Option<String>,
}

/// Starts a process that tells the collectors, away from our streams, our process group and our session's end.
///
/// # Errors
/// It cannot be started, in words.
pub(super) fn hand_over(spans: &JobSpans, endpoints: &[PayloadEndpoint], age: Duration) -> Result<(), String> {
    let document = HandOver {
        spans: STANDARD.encode(spans.encode()),
        age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
        collectors: endpoints.iter().map(HandedCollector::of).collect(),
    };
    let document = serde_json::to_vec(&document).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command
        .args(own_options())
        .args(["job", "drain"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // A pipe takes 64 KiB at once, and spans are held shorter than that.
    let stdin = child.stdin.as_mut().ok_or("it has no input")?;
    stdin.write_all(&document).map_err(|error| error.to_string())
}

/// The option that names the configuration, as we were given it.
fn own_options() -> Vec<std::ffi::OsString> {
    let mut options = Vec::new();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        // What follows is the job's.
        if argument == "--" {
            break;
        }
        if argument == "--config" {
            options.extend([argument].into_iter().chain(arguments.next()));
        } else if argument.to_string_lossy().starts_with("--config=") {
            options.push(argument);
        }
    }
    options
}

impl HandOver {
    /// The spans; `None` where they are none.
    pub(super) fn spans(&self) -> Option<JobSpans> {
        JobSpans::decode(&STANDARD.decode(&self.spans).ok()?)
    }

    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(self.age_ms)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = PayloadEndpoint> {
        self.collectors.iter().filter_map(HandedCollector::endpoint)
    }
}

impl HandedCollector {
    fn of(endpoint: &PayloadEndpoint) -> HandedCollector {
        match endpoint {
            PayloadEndpoint::Configured => HandedCollector {
                url: None,
                protocol: None,
                audience: None,
            },
            PayloadEndpoint::Named { endpoint, auth } => HandedCollector {
                url: Some(endpoint.expose().to_owned()),
                protocol: Some(endpoint.protocol().name().to_owned()),
                audience: auth.as_ref().map(|PayloadAuth::GcpOidc { audience }| audience.clone()),
            },
        }
    }

    fn endpoint(&self) -> Option<PayloadEndpoint> {
        let Some(url) = &self.url else {
            return Some(PayloadEndpoint::Configured);
        };
        let protocol = self.protocol.as_deref().and_then(Protocol::parse);
        Some(PayloadEndpoint::Named {
            endpoint: Endpoint::parse(url, protocol).ok()?,
            auth: self.audience.clone().map(|audience| PayloadAuth::GcpOidc { audience }),
        })
    }
}
