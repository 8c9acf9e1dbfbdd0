//! Sends each command to the server that has its key.

use std::sync::Arc;

use redis::{Cmd, Pipeline, Value};

use super::cluster::Cluster;
use super::link::Link;
use super::refusal::Refusal;
use crate::measure::Failure;

/// What a server answers to one command.
pub(super) type Answer = Result<Value, Refusal>;

/// A command and the slot of its keys.
pub(super) struct Command {
    pub(super) slot: u16,
    pub(super) cmd: Cmd,
}

/// The servers of a store.
pub(super) enum Router {
    /// `follows_primary` where Sentinels say who it is.
    Single {
        link: Arc<Link>,
        follows_primary: bool,
    },
    Cluster(Box<Cluster>),
}

impl Router {
    /// Sends commands in one go, on a cluster to all nodes at once. The answers stand in the order of the commands.
    pub(super) async fn send(&self, commands: Vec<Command>) -> Vec<Answer> {
        if commands.is_empty() {
            return Vec::new();
        }
        match self {
            Router::Single { link, follows_primary } => {
                let answers = send_to(link, commands.into_iter().map(|command| command.cmd)).await;
                if *follows_primary && answers.iter().any(was_demoted) {
                    link.drop_connection().await;
                }
                answers
            }
            Router::Cluster(cluster) => cluster.send(commands).await,
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Router::Cluster(_))
    }

    /// Sends one command.
    pub(super) async fn send_one(&self, slot: u16, cmd: Cmd) -> Answer {
        let mut answers = self.send(vec![Command { slot, cmd }]).await;
        answers.pop().unwrap_or(Ok(Value::Nil))
    }

    /// Every server that holds keys, in a stable order.
    ///
    /// # Errors
    /// The cluster's nodes cannot be asked.
    pub(super) async fn primaries(&self) -> Result<Vec<Arc<Link>>, Failure> {
        match self {
            Router::Single { link, .. } => Ok(vec![link.clone()]),
            Router::Cluster(cluster) => cluster.primaries().await,
        }
    }
}

/// Sends commands to one server.
pub(super) async fn send_to(link: &Link, commands: impl ExactSizeIterator<Item = Cmd>) -> Vec<Answer> {
    let count = commands.len();
    let mut pipeline = Pipeline::with_capacity(count);
    for command in commands {
        pipeline.add_command(command);
    }
    match link.send(&pipeline).await {
        Ok(values) => values.into_iter().map(answer).collect(),
        Err(failure) => vec![Err(Refusal::Link(failure)); count],
    }
}

pub(super) fn answer(value: Value) -> Answer {
    match value {
        Value::ServerError(error) => Err(Refusal::Server(error)),
        value => Ok(value),
    }
}

fn was_demoted(answer: &Answer) -> bool {
    matches!(answer, Err(Refusal::Server(error)) if error.code() == "READONLY")
}
