//! A Redis Cluster: who has which slot, and where a command goes that was sent to the wrong node.
//!
//! The driver's own cluster connection sends a whole pipeline again when one of its commands is redirected, which would
//! apply the others twice, and takes pipelines of one slot only. Here each command is followed by itself, and all commands
//! of a node travel together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use redis::{ConnectionInfo, Pipeline, ServerError, ServerErrorKind, Value, cmd};
use tokio::sync::Mutex;

use super::address::{host_and_port, relocated};
use super::link::{Dialer, Link, Target};
use super::load::{Load, Pending, distribute, give_all, put};
use super::refusal::Refusal;
use super::router::{Answer, Command, answer};
use super::slots::{Slots, range_of, unserved};
use crate::measure::Failure;

/// How often a command is sent on before its last answer stands.
const ROUNDS: usize = 6;
/// Between rounds, where a node asks to try again.
const PAUSE: Duration = Duration::from_millis(20);

/// The nodes of a cluster.
pub(super) struct Cluster {
    /// How every node is logged in to.
    pattern: ConnectionInfo,
    seeds: Vec<ConnectionInfo>,
    dialer: Arc<Dialer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: Option<Arc<Slots>>,
    links: HashMap<String, Arc<Link>>,
}

impl Cluster {
    pub(super) fn new(pattern: ConnectionInfo, seeds: Vec<ConnectionInfo>, dialer: Arc<Dialer>) -> Cluster {
        Cluster {
            pattern,
            seeds,
            dialer,
            state: Mutex::default(),
        }
    }

    pub(super) async fn send(&self, commands: Vec<Command>) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = commands.iter().map(|_| None).collect();
        let mut pending: Vec<Pending> = commands
            .into_iter()
            .enumerate()
            .map(|(place, command)| Pending {
                place,
                command,
                redirect: None,
            })
            .collect();
        for round in 1..=ROUNDS {
            let slots = match self.slots().await {
                Ok(slots) => slots,
                Err(failure) => {
                    give_all(&mut answers, &pending, &failure);
                    break;
                }
            };
            let loads = distribute(&slots, std::mem::take(&mut pending), &mut answers);
            let results = join_all(loads.into_iter().map(Load::send)).await;
            let is_last = round == ROUNDS;
            pending = self.sort(results, is_last, &slots, &mut answers).await;
            if pending.is_empty() {
                break;
            }
        }
        let unanswered = || Err(Refusal::Link(unserved("the nodes pass a key on in circles")));
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(unanswered))
            .collect()
    }

    pub(super) async fn primaries(&self) -> Result<Vec<Arc<Link>>, Failure> {
        let slots = self.refresh().await?;
        let links: BTreeMap<&str, &Arc<Link>> = slots.0.values().map(|(_, link)| (link.name.as_str(), link)).collect();
        Ok(links.into_values().cloned().collect())
    }

    /// Puts final answers into their places, and gives back what is to be sent on.
    async fn sort(
        &self,
        results: Vec<(Load, Result<Vec<Value>, Failure>)>,
        is_last: bool,
        slots: &Slots,
        answers: &mut [Option<Answer>],
    ) -> Vec<Pending> {
        let mut next = Vec::new();
        let mut is_stale = false;
        let mut must_wait = false;
        let mut lost = Vec::new();
        for (load, result) in results {
            let values = match result {
                Ok(values) => values,
                Err(failure) => {
                    lost.push((load, failure));
                    continue;
                }
            };
            for (mut pending, value) in load.pending.into_iter().zip(values) {
                let passed_on = match &value {
                    Value::ServerError(error) if !is_last => self.passed_on(error, &load.link).await,
                    _ => None,
                };
                let Some(passed_on) = passed_on else {
                    put(answers, pending.place, answer(value));
                    continue;
                };
                match passed_on {
                    PassedOn::Moved(link) => {
                        is_stale = true;
                        pending.redirect = Some((link, false));
                    }
                    PassedOn::Ask(link) => pending.redirect = Some((link, true)),
                    PassedOn::Later => {
                        must_wait = true;
                        pending.redirect = None;
                    }
                }
                next.push(pending);
            }
        }
        if is_stale || !lost.is_empty() {
            self.forget_slots().await;
        }
        for (load, failure) in lost {
            next.extend(self.find_heirs(load, &failure, is_last, slots, answers).await);
        }
        if must_wait {
            tokio::time::sleep(PAUSE).await;
        }
        next
    }

    /// Commands of a node that is gone, for those who have its slots now; where nobody does, its failure is the answer.
    async fn find_heirs(
        &self,
        load: Load,
        failure: &Failure,
        is_last: bool,
        before: &Slots,
        answers: &mut [Option<Answer>],
    ) -> Vec<Pending> {
        let now = if is_last { None } else { self.slots().await.ok() };
        let mut next = Vec::new();
        for mut pending in load.pending {
            let slot = pending.command.slot;
            let owner = |slots: &Slots| slots.owner(slot).map(|link| link.name.clone());
            let changed = now.as_ref().is_some_and(|now| {
                let heir = owner(now);
                heir.is_some() && heir.as_deref() != Some(load.link.name.as_str()) && heir != owner(before)
            });
            let was_redirected = pending.redirect.take().is_some();
            if changed || (was_redirected && !is_last) {
                next.push(pending);
            } else {
                put(answers, pending.place, Err(Refusal::Link(failure.clone())));
            }
        }
        next
    }

    async fn passed_on(&self, error: &ServerError, from: &Link) -> Option<PassedOn> {
        match error.kind()? {
            ServerErrorKind::Moved => Some(PassedOn::Moved(self.named(error, from).await?)),
            ServerErrorKind::Ask => Some(PassedOn::Ask(self.named(error, from).await?)),
            ServerErrorKind::TryAgain => Some(PassedOn::Later),
            _ => None,
        }
    }

    /// The node that a redirection names: "3999 127.0.0.1:6381"; without a host it is the speaker's.
    async fn named(&self, error: &ServerError, from: &Link) -> Option<Arc<Link>> {
        let (_, address) = error.details()?.split_once(' ')?;
        let (host, port) = address.rsplit_once(':')?;
        let port = port.trim().parse().ok()?;
        let host = if host.is_empty() {
            from.name.rsplit_once(':')?.0
        } else {
            host
        };
        Some(self.link(host, port, &mut *self.state.lock().await))
    }

    fn link(&self, host: &str, port: u16, state: &mut State) -> Arc<Link> {
        let name = format!("{host}:{port}");
        if let Some(link) = state.links.get(&name) {
            return link.clone();
        }
        let info = relocated(&self.pattern, host.to_owned(), port);
        let link = Arc::new(Link::new(Target::Server(info), self.dialer.clone()));
        state.links.insert(name, link.clone());
        link
    }

    async fn forget_slots(&self) {
        self.state.lock().await.slots = None;
    }

    async fn slots(&self) -> Result<Arc<Slots>, Failure> {
        if let Some(slots) = &self.state.lock().await.slots {
            return Ok(slots.clone());
        }
        self.refresh().await
    }

    /// Asks the nodes that are known, then those of the url, until one answers.
    async fn refresh(&self) -> Result<Arc<Slots>, Failure> {
        let mut last = unserved("the url names no node");
        for link in self.all_links().await {
            match self.slots_by(&link).await {
                Ok(slots) => {
                    let slots = Arc::new(slots);
                    self.state.lock().await.slots = Some(slots.clone());
                    return Ok(slots);
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn all_links(&self) -> Vec<Arc<Link>> {
        let mut state = self.state.lock().await;
        for seed in &self.seeds {
            let (host, port) = host_and_port(seed);
            self.link(&host, port, &mut state);
        }
        state.links.values().cloned().collect()
    }

    async fn slots_by(&self, link: &Link) -> Result<Slots, Failure> {
        let mut question = Pipeline::with_capacity(1);
        question.add_command(cmd("CLUSTER").arg("SLOTS").take());
        let answers = link.send(&question).await?;
        match answers.into_iter().next().map(answer) {
            Some(Ok(Value::Array(ranges))) => {
                let mut state = self.state.lock().await;
                let ranges = ranges.iter().filter_map(|range| range_of(range, link));
                Ok(Slots(
                    ranges
                        .map(|range| {
                            let link = self.link(&range.host, range.port, &mut state);
                            (range.last, (range.first, link))
                        })
                        .collect(),
                ))
            }
            Some(Err(refusal)) => Err(refusal.failure()),
            _ => Err(unserved("a node does not tell its slots")),
        }
    }
}

/// Where an answer sends a command.
enum PassedOn {
    Moved(Arc<Link>),
    Ask(Arc<Link>),
    Later,
}
