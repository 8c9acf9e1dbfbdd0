//! What Redis' errors mean for a key.

use redis::{RedisError, ServerError};

use crate::measure::{Failure, Reason};

/// Why a command has no answer.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    /// The server answered with an error.
    Server(ServerError),
    /// The connection, or the way to the server, failed.
    Link(Failure),
}

impl Refusal {
    /// The failure of this key.
    pub(super) fn of_key(&self, key: &str) -> Failure {
        match self {
            Refusal::Link(failure) => failure.clone(),
            Refusal::Server(error) => {
                let (reason, message) = meaning(error.code(), error.details().unwrap_or_default());
                let about_key = matches!(
                    reason,
                    Reason::WrongKeyType | Reason::CorruptSketch | Reason::Overflow | Reason::StatementFailed
                );
                let message = if about_key {
                    format!("{key:?}: {message}")
                } else {
                    message
                };
                Failure::new(reason, message)
            }
        }
    }

    /// The failure of a call that concerns no single key.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Refusal::Link(failure) => failure.clone(),
            Refusal::Server(error) => of_server(error.code(), error.details().unwrap_or_default()),
        }
    }
}

/// Whether the same call may work later: then a batch is to be written again as a whole, under the same id.
pub(super) fn may_pass(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::SourceUnavailable | Reason::SourceNotReady | Reason::ConnectionLost | Reason::StatementTimeout
    )
}

/// An error by its first word and the rest of its text.
pub(super) fn of_server(code: &str, details: &str) -> Failure {
    let (reason, message) = meaning(code, details);
    Failure::new(reason, message)
}

/// The server's words may quote what it was sent; only its code is shown.
fn meaning(code: &str, details: &str) -> (Reason, String) {
    let code = hidden_code(code, details);
    let (reason, message) = match code {
        "WRONGTYPE" => (Reason::WrongKeyType, "the key holds something of another kind"),
        "INVALIDOBJ" => (Reason::CorruptSketch, "the server found the sketch corrupt"),
        "LOADING" => (
            Reason::SourceNotReady,
            "the server is still loading its data into memory (LOADING)",
        ),
        "BUSY" => (
            Reason::SourceNotReady,
            "the server is busy with somebody's script (BUSY)",
        ),
        "CLUSTERDOWN" => (
            Reason::SourceNotReady,
            "a part of the cluster is down (CLUSTERDOWN); see CLUSTER INFO in redis-cli",
        ),
        "MASTERDOWN" => (
            Reason::SourceNotReady,
            "the replica has lost its primary (MASTERDOWN); name the primary in the url",
        ),
        "TRYAGAIN" => (
            Reason::SourceNotReady,
            "the key's slot is being moved between nodes (TRYAGAIN); run again when that has ended",
        ),
        "READONLY" => (
            Reason::SourceUnavailable,
            "the server is a read-only replica (READONLY): give the url of its primary",
        ),
        "NOAUTH" => (
            Reason::SourceUnavailable,
            "the server wants a password (NOAUTH): write it into the url, redis://:password@host",
        ),
        "WRONGPASS" => (
            Reason::SourceUnavailable,
            "the server refuses the user or the password of the url (WRONGPASS)",
        ),
        "NOPERM" => (
            Reason::SourceUnavailable,
            "the user of the url may not run a command or touch a key (NOPERM): see ACL LOG in redis-cli",
        ),
        "MOVED" | "ASK" => (
            Reason::SourceUnavailable,
            "the server is a node of a cluster: write the url as redis-cluster://host:port",
        ),
        "OOM" => (
            Reason::SourceUnavailable,
            "the server's memory is full (OOM): raise maxmemory, or free some",
        ),
        "MISCONF" | "NOREPLICAS" => (
            Reason::SourceUnavailable,
            "the server takes no writes for now (MISCONF or NOREPLICAS): see its log",
        ),
        "ERR" if details.contains("cluster support disabled") => (
            Reason::SourceUnavailable,
            "the server is no node of a cluster: write the url as redis://host:port",
        ),
        "ERR" if details.contains("without any password configured") || details.contains("invalid password") => (
            Reason::SourceUnavailable,
            "the server refuses the password of the url, or has none",
        ),
        "ERR" if details.contains("not an integer") || details.contains("not a valid float") => {
            (Reason::WrongKeyType, "the key holds something else than a number")
        }
        "ERR" if details.contains("overflow") || details.contains("NaN or Infinity") => {
            (Reason::Overflow, "the number would leave its range")
        }
        _ => {
            return (
                Reason::StatementFailed,
                format!("the server answered with {}", shown(code)),
            );
        }
    };
    (reason, message.to_owned())
}

/// Before Redis 7 an error within a script is told as an ERR that quotes the first.
fn hidden_code<'a>(code: &'a str, details: &str) -> &'a str {
    const WITHIN: [&str; 6] = ["READONLY", "OOM", "WRONGTYPE", "MISCONF", "NOREPLICAS", "NOPERM"];
    let quoted = |name: &&&str| details.contains(&format!("-{name} "));
    match WITHIN.iter().find(quoted) {
        Some(name) if code == "ERR" => name,
        _ => code,
    }
}

fn shown(code: &str) -> &str {
    let plain = !code.is_empty() && code.len() <= 24 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if plain { code } else { "an error" }
}

/// What a failed connection means; `who` is its address without secrets.
pub(super) fn of_connection(error: &RedisError, who: &str, was_open: bool) -> Failure {
    if let Some(code) = error.code() {
        return of_server(code, &error.to_string());
    }
    if error.kind() == redis::ErrorKind::AuthenticationFailed {
        return of_server("WRONGPASS", "");
    }
    if was_open {
        let why = if error.is_timeout() {
            "it did not answer in time"
        } else {
            "the connection broke off"
        };
        return Failure::new(Reason::ConnectionLost, format!("Redis at {who}: {why}"));
    }
    Failure::new(
        Reason::SourceUnavailable,
        format!("Redis at {who} cannot be reached: {}", why_unreachable(error)),
    )
}

fn why_unreachable(error: &RedisError) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    match source {
        // TLS tells what it dislikes of a certificate as invalid data, and names nothing secret.
        Some(io) if io.kind() == std::io::ErrorKind::InvalidData => io.to_string(),
        Some(io) => io.kind().to_string(),
        None => "the connection could not be set up".to_owned(),
    }
}
