//! How an event stands in a spool: the length of its bytes, their CRC-32, the bytes.

use std::io;

use crate::keyspace::Write;

/// Both numbers, little-endian.
const HEAD: usize = 8;

/// The bytes of one event.
///
/// # Errors
/// The event is longer than a frame can say.
pub(super) fn encode(writes: &[Write]) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; HEAD];
    frame = postcard::to_extend(writes, frame).map_err(io::Error::other)?;
    let (head, body) = frame.split_at_mut(HEAD);
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let (of_length, of_sum) = head.split_at_mut(HEAD / 2);
    of_length.copy_from_slice(&length.to_le_bytes());
    of_sum.copy_from_slice(&crc32fast::hash(body).to_le_bytes());
    Ok(frame)
}

/// The events up to the first frame that is not whole, and how many bytes follow them.
pub(super) fn decode_all(mut bytes: &[u8]) -> (Vec<Vec<Write>>, usize) {
    let mut events = Vec::new();
    while let Some((event, rest)) = decode(bytes) {
        events.push(event);
        bytes = rest;
    }
    (events, bytes.len())
}

fn decode(bytes: &[u8]) -> Option<(Vec<Write>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (body, rest) = rest.split_at_checked(length)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    Some((postcard::from_bytes(body).ok()?, rest))
}
