//! Reading the oldest events: from the mark on, segment by segment, without keeping anybody from adding.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::record::{self, Found};
use super::segment::next_sound;
use super::state::{Flying, Spool, State};
use crate::emit::snowplow::batch::weight;
use crate::emit::snowplow::event::{EventKind, QueuedEvent};
use crate::emit::snowplow::storage::{BatchLimit, StorageError};

/// What is read at a time, at least.
const CHUNK: u64 = 256 * 1024;

/// A segment as it was when the reading began.
struct Seen {
    number: u64,
    file: Arc<File>,
    offset: u64,
    length: u64,
    pending: u64,
}

/// What was read so far.
struct Reading {
    limit: BatchLimit,
    weight: usize,
    events: Vec<Arc<QueuedEvent>>,
    flying: Vec<Flying>,
    /// Segments that were read to their end, with the events found there, and billing's among them.
    exhausted: Vec<(u64, u64, u64)>,
}

impl Spool {
    pub(super) fn read(&self, limit: BatchLimit) -> Result<Vec<Arc<QueuedEvent>>, StorageError> {
        let seen = begin(&mut self.state());
        let mut reading = Reading {
            limit,
            weight: 0,
            events: Vec::new(),
            flying: Vec::new(),
            exhausted: Vec::new(),
        };
        let mut result = Ok(());
        for segment in &seen {
            match reading.read(segment) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    result = Err(self.io(&error));
                    break;
                }
            }
        }
        let mut state = self.state();
        state.is_reading = false;
        result?;
        state.flying = reading.flying.into();
        // What the head of a spoilt record said is no instant.
        state.oldest = reading.events.first().map(|event| event.accepted_at).or(state.oldest);
        for (number, found, billing) in reading.exhausted {
            let pending = seen.iter().find(|seen| seen.number == number).map(|seen| seen.pending);
            correct(&mut state, number, pending.unwrap_or_default(), found, billing);
        }
        Ok(reading.events)
    }
}

fn begin(state: &mut State) -> Vec<Seen> {
    state.is_reading = true;
    let mut offset = state.offset;
    let seen = state.segments.iter().map(|segment| Seen {
        number: segment.number,
        file: Arc::clone(&segment.file),
        offset: std::mem::take(&mut offset),
        length: segment.length,
        pending: segment.pending,
    });
    seen.collect()
}

/// Notes that fewer events were found in a segment than were counted: the disk has spoilt them since.
fn correct(state: &mut State, number: u64, pending: u64, found: u64, billing: u64) {
    let spoilt = pending.saturating_sub(found);
    if spoilt == 0 {
        return;
    }
    if let Some(segment) = state.segments.iter_mut().find(|segment| segment.number == number) {
        segment.pending = segment.pending.saturating_sub(spoilt);
        segment.pending_billing = segment.pending_billing.min(billing);
    }
    state.depth = state.depth.saturating_sub(spoilt);
    state.settled += spoilt;
    state.corrupt += spoilt;
    if state.flying.is_empty() {
        state.sweep();
    }
}

impl Reading {
    /// Reads one segment; whether there may be more.
    fn read(&mut self, segment: &Seen) -> std::io::Result<bool> {
        let (mut found, mut billing) = (0, 0);
        let mut offset = segment.offset;
        let mut wanted = CHUNK;
        while offset < segment.length {
            let length = wanted.min(segment.length - offset);
            let is_rest = length == segment.length - offset;
            let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
            segment.file.read_exact_at(&mut bytes, offset)?;
            let mut at = 0;
            loop {
                // In the middle of a segment, what is short may go on behind what was read.
                let next = match record::read(&bytes[at..]) {
                    Found::Event(event, length) => Some((at, Found::Event(event, length))),
                    Found::Short(_) if !is_rest => None,
                    _ => next_sound(&bytes, at),
                };
                let Some((place, Found::Event(event, length))) = next else {
                    break;
                };
                let end = place + length;
                if !self.take(event, segment.number, offset + end as u64, &mut billing) {
                    return Ok(false);
                }
                found += 1;
                at = end;
            }
            // Where nothing was found, more is read, up to the whole rest.
            wanted = if at == 0 { wanted.saturating_mul(4) } else { CHUNK };
            if at == 0 && is_rest {
                break;
            }
            offset += at as u64;
        }
        self.exhausted.push((segment.number, found, billing));
        Ok(true)
    }

    fn take(&mut self, event: QueuedEvent, segment: u64, end: u64, billing: &mut u64) -> bool {
        self.weight += weight(event.body.len());
        let is_over = self.events.len() >= self.limit.events || self.weight > self.limit.bytes;
        if is_over && !self.events.is_empty() {
            return false;
        }
        let kind = event.kind;
        *billing += u64::from(kind == EventKind::Billing);
        self.flying.push(Flying { segment, end, kind });
        self.events.push(Arc::new(event));
        true
    }
}
