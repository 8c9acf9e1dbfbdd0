//! What goes to each node of a cluster in one round.

use std::collections::HashMap;
use std::sync::Arc;

use redis::{Pipeline, Value, cmd};

use super::link::Link;
use super::refusal::Refusal;
use super::router::{Answer, Command};
use super::slots::{Slots, unserved};
use crate::measure::Failure;

/// A command that has no final answer yet.
pub(super) struct Pending {
    pub(super) place: usize,
    pub(super) command: Command,
    /// Whom a node named, and whether the command is to be announced there by ASKING.
    pub(super) redirect: Option<(Arc<Link>, bool)>,
}

/// What goes to one node in one round.
pub(super) struct Load {
    pub(super) link: Arc<Link>,
    pub(super) pending: Vec<Pending>,
}

impl Load {
    /// Sends the commands; their answers stand in their order.
    pub(super) async fn send(self) -> (Load, Result<Vec<Value>, Failure>) {
        let mut pipeline = Pipeline::with_capacity(self.pending.len());
        let mut is_command = Vec::with_capacity(self.pending.len());
        for pending in &self.pending {
            if matches!(pending.redirect, Some((_, true))) {
                pipeline.add_command(cmd("ASKING"));
                is_command.push(false);
            }
            pipeline.add_command(pending.command.cmd.clone());
            is_command.push(true);
        }
        let values = self.link.send(&pipeline).await.map(|values| {
            let commands = values.into_iter().zip(is_command);
            commands
                .filter_map(|(value, is_command)| is_command.then_some(value))
                .collect()
        });
        (self, values)
    }
}

/// Sorts commands by node. Those whose slot nobody serves have their answer.
pub(super) fn distribute(slots: &Slots, pending: Vec<Pending>, answers: &mut [Option<Answer>]) -> Vec<Load> {
    let mut loads: HashMap<String, Load> = HashMap::new();
    for pending in pending {
        let link = match &pending.redirect {
            Some((link, _)) => Some(link),
            None => slots.owner(pending.command.slot),
        };
        let Some(link) = link else {
            let failure = unserved("no node serves the key's slot");
            put(answers, pending.place, Err(Refusal::Link(failure)));
            continue;
        };
        let load = match loads.get_mut(&link.name) {
            Some(load) => load,
            None => loads.entry(link.name.clone()).or_insert_with(|| Load {
                link: link.clone(),
                pending: Vec::new(),
            }),
        };
        load.pending.push(pending);
    }
    loads.into_values().collect()
}

pub(super) fn put(answers: &mut [Option<Answer>], place: usize, answer: Answer) {
    if let Some(own) = answers.get_mut(place) {
        *own = Some(answer);
    }
}

pub(super) fn give_all(answers: &mut [Option<Answer>], pending: &[Pending], failure: &Failure) {
    for pending in pending {
        put(answers, pending.place, Err(Refusal::Link(failure.clone())));
    }
}
