//! One event in a segment: `u32 length, u32 CRC-32C, u8 kind, payload`, all little-endian. The length is the payload's; the
//! checksum is of kind and payload. A payload is when it was accepted, its id, and its body.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crc::{CRC_32_ISCSI, Crc, Table};
use uuid::Uuid;

use crate::emit::snowplow::event::{EventKind, QueuedEvent};

const CHECKSUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
/// Length, checksum and kind.
const HEAD: usize = 9;
/// The instant and the id.
const STAMP: usize = 24;
/// No event is longer; what says so is no record.
const LONGEST: usize = 4 * 1024 * 1024;

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An event, and how many bytes it has.
    Event(QueuedEvent, usize),
    /// More bytes are needed to say, so many in all.
    Short(usize),
    /// No record, or a spoilt one; where the next one would stand if its length is true.
    Spoilt(Option<usize>),
}

/// How many bytes an event has in a segment.
pub(super) fn length(event: &QueuedEvent) -> usize {
    HEAD + STAMP + event.body.len()
}

pub(super) fn write(event: &QueuedEvent, into: &mut Vec<u8>) {
    let start = into.len();
    let payload = STAMP + event.body.len();
    into.extend_from_slice(&u32::try_from(payload).unwrap_or(u32::MAX).to_le_bytes());
    into.extend_from_slice(&[0; 4]);
    into.push(code(event.kind));
    into.extend_from_slice(&event.accepted_at.to_le_bytes());
    into.extend_from_slice(event.id.as_bytes());
    into.extend_from_slice(&event.body);
    let checksum = CHECKSUM.checksum(&into[start + 8..]);
    into[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads what stands at the beginning of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Found {
    let Some(head) = bytes.get(..HEAD) else {
        return Found::Short(HEAD);
    };
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let payload = usize::try_from(number(0)).unwrap_or(usize::MAX);
    let kind = kind(head[8]);
    let (Some(kind), STAMP..=LONGEST) = (kind, payload) else {
        return Found::Spoilt(None);
    };
    let whole = HEAD + payload;
    let Some(record) = bytes.get(..whole) else {
        return Found::Short(whole);
    };
    if CHECKSUM.checksum(&record[8..]) != number(4) {
        return Found::Spoilt(Some(whole));
    }
    let (stamp, body) = record[HEAD..].split_at(STAMP);
    let mut accepted_at = [0; 8];
    let mut id = [0; 16];
    accepted_at.copy_from_slice(&stamp[..8]);
    id.copy_from_slice(&stamp[8..]);
    let event = QueuedEvent {
        id: Uuid::from_bytes(id),
        kind,
        accepted_at: u64::from_le_bytes(accepted_at),
        body: body.to_vec(),
    };
    Found::Event(event, whole)
}

/// When the event at a place of a segment was accepted.
pub(super) fn accepted_at(segment: &File, offset: u64) -> Option<u64> {
    let mut bytes = [0; HEAD + 8];
    segment.read_exact_at(&mut bytes, offset).ok()?;
    let mut accepted_at = [0; 8];
    accepted_at.copy_from_slice(&bytes[HEAD..]);
    Some(u64::from_le_bytes(accepted_at))
}

fn code(kind: EventKind) -> u8 {
    match kind {
        EventKind::Custom => 1,
        EventKind::Billing => 2,
    }
}

fn kind(code: u8) -> Option<EventKind> {
    EventKind::ALL.into_iter().find(|kind| self::code(*kind) == code)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Found, length, read, write};
    use crate::emit::snowplow::event::{EventKind, QueuedEvent};

    fn event() -> QueuedEvent {
        QueuedEvent {
            id: Uuid::from_u128(7),
            kind: EventKind::Billing,
            accepted_at: 1_795_253_883_844,
            body: br#"{"e":"se"}"#.to_vec(),
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        write(&event(), &mut bytes);
        // The checksum of the well-known check string shows which one it is.
        assert_eq!(super::CHECKSUM.checksum(b"123456789"), 0xe306_9283);
        assert_eq!(read(&bytes), Found::Event(event(), length(&event())));
    }

    #[test]
    fn every_flipped_bit_is_noticed_and_every_cut_is_short() {
        let mut bytes = Vec::new();
        write(&event(), &mut bytes);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut spoilt = bytes.clone();
                spoilt[at] ^= 1 << bit;
                assert!(!matches!(read(&spoilt), Found::Event(..)), "{at} {bit}");
            }
            assert!(matches!(read(&bytes[..at]), Found::Short(_)), "{at}");
        }
    }
}
