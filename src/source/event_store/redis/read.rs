//! Counters, sums and hashes of counters.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use redis::{Cmd, Value, cmd};

use super::router::{Answer, Command, Router};
use super::slot::slot_of;
use crate::measure::{Failure, Reason};

/// Commands of one round trip: more would keep the server's other clients waiting.
pub(super) const CHUNK: usize = 200;
/// Round trips under way at once.
pub(super) const AHEAD: usize = 3;

pub(super) async fn values(router: &Router, keys: &[String]) -> Vec<Result<Option<String>, Failure>> {
    ask(router, keys, "GET", value).await
}

pub(super) async fn hashes(router: &Router, keys: &[String]) -> Vec<Result<BTreeMap<String, i64>, Failure>> {
    ask(router, keys, "HGETALL", fields).await
}

/// Asks the same of every key.
async fn ask<T>(
    router: &Router,
    keys: &[String],
    command: &'static str,
    read: fn(&str, Value) -> Result<T, Failure>,
) -> Vec<Result<T, Failure>> {
    let chunks: Vec<_> = keys
        .chunks(CHUNK)
        .map(|keys| ask_chunk(router, keys, command, read))
        .collect();
    let answers: Vec<Vec<_>> = stream::iter(chunks).buffered(AHEAD).collect().await;
    answers.into_iter().flatten().collect()
}

async fn ask_chunk<T>(
    router: &Router,
    keys: &[String],
    command: &str,
    read: fn(&str, Value) -> Result<T, Failure>,
) -> Vec<Result<T, Failure>> {
    let answers = router.send(commands(keys, command)).await;
    let read = |(key, answer): (&String, Answer)| match answer {
        Ok(value) => read(key, value),
        Err(refusal) => Err(refusal.of_key(key)),
    };
    keys.iter().zip(answers).map(read).collect()
}

/// The same command for each key.
pub(super) fn commands<K: AsRef<str>>(keys: &[K], command: &str) -> Vec<Command> {
    let of_key = |key: &K| Command {
        slot: slot_of(key.as_ref()),
        cmd: of_key(command, key.as_ref()),
    };
    keys.iter().map(of_key).collect()
}

pub(super) fn of_key(command: &str, key: &str) -> Cmd {
    let mut cmd = cmd(command);
    cmd.arg(key);
    cmd
}

fn value(key: &str, value: Value) -> Result<Option<String>, Failure> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| wrong_kind(key, "bytes that are no text")),
        _ => Err(unforeseen(key)),
    }
}

fn fields(key: &str, value: Value) -> Result<BTreeMap<String, i64>, Failure> {
    let pairs = value.into_map_iter().map_err(|_| unforeseen(key))?;
    pairs
        .map(|(field, value)| {
            let field = text(field).ok_or_else(|| wrong_kind(key, "a field that is no text"))?;
            let number = text(value).and_then(|text| text.parse().ok());
            let number = number.ok_or_else(|| wrong_kind(key, "a field that is no whole number"))?;
            Ok((field, number))
        })
        .collect()
}

/// The text of an answer.
pub(super) fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn wrong_kind(key: &str, what: &str) -> Failure {
    Failure::new(Reason::WrongKeyType, format!("{key:?}: the key holds {what}"))
}

/// An answer that the command does not have.
pub(super) fn unforeseen(key: &str) -> Failure {
    let message = format!("{key:?}: the server gave an answer that is none to the command");
    Failure::new(Reason::StatementFailed, message)
}
