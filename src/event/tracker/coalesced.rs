//! Writes of a batch, made few.

use crate::keyspace::{Change, NameMap, Write};

/// Writes, those of one key and kind made one.
#[derive(Default)]
pub(super) struct Coalesced {
    writes: Vec<Write>,
    /// Which events each write belongs to.
    owners: Vec<Vec<usize>>,
    /// The writes of each key: one, but where a key is changed in several ways.
    places: NameMap<Vec<usize>>,
}

impl Coalesced {
    pub(super) fn add(&mut self, write: Write, event: usize) {
        if let Some(places) = self.places.get_mut(&write.key) {
            let writes = &self.writes;
            let alike = |place: &&usize| writes.get(**place).is_some_and(|known| can_be_one(known, &write));
            match places.iter().find(alike) {
                Some(&place) => return self.join(place, write, event),
                None => places.push(self.writes.len()),
            }
        } else {
            self.places.insert(write.key.clone(), vec![self.writes.len()]);
        }
        self.writes.push(write);
        self.owners.push(vec![event]);
    }

    fn join(&mut self, place: usize, write: Write, event: usize) {
        let (Some(known), Some(owners)) = (self.writes.get_mut(place), self.owners.get_mut(place)) else {
            return;
        };
        owners.push(event);
        match (&mut known.change, write.change) {
            (Change::Add(values), Change::Add(more)) => values.extend(more),
            (Change::Increment(by), Change::Increment(more)) => *by = by.saturating_add(more),
            (Change::IncrementFloat(by), Change::IncrementFloat(more)) => *by += more,
            (Change::IncrementField { by, .. }, Change::IncrementField { by: more, .. }) => {
                *by = by.saturating_add(more)
            }
            _ => {}
        }
    }

    /// The writes, and which events each of them belongs to.
    pub(super) fn finish(self) -> (Vec<Write>, Vec<Vec<usize>>) {
        (self.writes, self.owners)
    }
}

/// Whether one write of a key does what both do.
fn can_be_one(known: &Write, write: &Write) -> bool {
    let same_change = match (&known.change, &write.change) {
        (Change::Add(_), Change::Add(_))
        | (Change::Increment(_), Change::Increment(_))
        | (Change::IncrementFloat(_), Change::IncrementFloat(_)) => true,
        (Change::IncrementField { field, .. }, Change::IncrementField { field: other, .. }) => field == other,
        _ => false,
    };
    same_change && known.life == write.life
}
