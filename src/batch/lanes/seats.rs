//! Which lanes there are, and where their sessions come from.

use super::*;

impl<'a> Lanes<'a> {
    pub(super) async fn session(&self, open: Option<Session>, server: usize) -> Opened {
        if self.interrupt.is_raised() {
            return Opened::Failed(not_run());
        }
        if self.has_diverged(server) && self.leave_to_others(server) {
            return Opened::Left;
        }
        if let Some(open) = open {
            return Opened::Session(open);
        }
        let opened = match self.is_open.load(Ordering::Relaxed) {
            true => self.database.open_at(server, self.interrupt, self.log.clone()).await,
            // The first session waits for whatever a session has to wait for.
            false => self.database.open_patiently(self.interrupt, self.log.clone()).await,
        };
        let opened = match opened {
            Err(error) if error != DatabaseError::Interrupted => match self.leave_to_others(server) {
                true => return Opened::Left,
                false if self.is_open.load(Ordering::Relaxed) => {
                    self.database.open_patiently(self.interrupt, self.log.clone()).await
                }
                false => Err(error),
            },
            opened => opened,
        };
        match opened {
            Ok(open) => {
                if !self.is_open.swap(true, Ordering::Relaxed) {
                    self.led_on.store(open.server(), Ordering::Relaxed);
                    self.open_gate();
                }
                Opened::Session(open)
            }
            Err(DatabaseError::Interrupted) => Opened::Failed(not_run()),
            Err(error) => Opened::Failed(error.into()),
        }
    }

    /// Lets the helpers in. They count from now on, not from when they get to run: what the lead cannot do is left to them.
    pub(super) fn open_gate(&self) {
        let connections = self.lanes / self.alive.len().max(1);
        for (server, alive) in self.alive.iter().enumerate() {
            let helpers = connections - usize::from(server == 0);
            alive.fetch_add(helpers, Ordering::Relaxed);
        }
        self.gate.add_permits(self.lanes);
    }

    pub(super) fn enter(&self, server: usize) {
        if let Some(alive) = self.alive.get(server) {
            alive.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn leave(&self, server: usize) {
        if let Some(alive) = self.alive.get(server) {
            alive.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether no other server has a lane.
    pub(super) fn is_alone(&self, server: usize) -> bool {
        let others = self.alive.iter().enumerate().filter(|(other, _)| *other != server);
        others.map(|(_, alive)| alive.load(Ordering::Relaxed)).sum::<usize>() == 0
    }

    /// Ends this lane if there is another one; false where it is the last. Lanes run on one thread, so that none comes
    /// between.
    pub(super) fn leave_to_others(&self, server: usize) -> bool {
        let all: usize = self.alive.iter().map(|alive| alive.load(Ordering::Relaxed)).sum();
        if all > 1 {
            self.leave(server);
        }
        all > 1
    }

    pub(super) fn has_diverged(&self, server: usize) -> bool {
        self.diverged.load(Ordering::Relaxed) & (1 << (server % 64)) != 0
    }

    /// A server that lacks what another one has is read no more.
    pub(super) fn leave_out(&self, server: usize) {
        let bit = 1 << (server % 64);
        if self.diverged.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            let name = self.database.name();
            tracing::warn!(
                database = name,
                server,
                "A replica lacks what another one has, and is read no more."
            );
        }
    }

    /// How many sessions other servers may lose before it is said of a scan that it loses them.
    pub(super) fn others(&self) -> u32 {
        let connections = self.lanes / self.alive.len().max(1);
        u32::try_from(self.lanes - connections).unwrap_or(u32::MAX)
    }
}

/// What became of a lane that wants a session.
pub(super) enum Opened {
    Session(Session),
    /// The lane left what there is to do to others.
    Left,
    Failed(Failure),
}
