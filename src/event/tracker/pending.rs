//! What goes from a tracker to its writer.

use tokio::sync::oneshot;

use super::coalesced::Coalesced;
use crate::keyspace::Write;

pub(super) enum Message {
    Event { writes: Vec<Write>, weight: u64 },
    Flush(oneshot::Sender<()>),
}

/// Events on their way into one batch.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) writes: Coalesced,
    pub(super) events: usize,
    pub(super) weight: u64,
    pub(super) flushes: Vec<oneshot::Sender<()>>,
}

impl Pending {
    /// Whether nobody waits for anything of it.
    pub(super) fn is_empty(&self) -> bool {
        self.events == 0 && self.flushes.is_empty()
    }

    pub(super) fn take_all(&mut self, messages: &mut Vec<Message>) {
        messages.drain(..).for_each(|message| self.take(message));
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Flush(done) => self.flushes.push(done),
            Message::Event { writes, weight } => {
                for write in writes {
                    self.writes.add(write, self.events);
                }
                self.events += 1;
                self.weight += weight;
            }
        }
    }
}
