//! What one range added to the members of its scan, as bytes that another process can add again.

use roaring::RoaringTreemap;

use super::tally::Tally;
use crate::sketch::HyperLogLog;

/// Turns signed order into unsigned order, so that small negative numbers lie beside small positive ones.
const SIGN: u64 = 1 << 63;

/// What a range added to one member.
#[derive(Debug)]
pub(super) enum Added {
    Numbers(Tally),
    /// Distinct integers that no range before it had.
    Integers(Vec<i64>),
    Sketch(Box<HyperLogLog>),
}

impl Added {
    fn kind(&self) -> u8 {
        match self {
            Added::Numbers(_) => 0,
            Added::Integers(_) => 1,
            Added::Sketch(_) => 2,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Added::Numbers(tally) => tally.to_text().into_bytes(),
            Added::Integers(integers) => {
                let set: RoaringTreemap = integers.iter().map(|integer| (*integer as u64) ^ SIGN).collect();
                let mut bytes = Vec::with_capacity(set.serialized_size());
                // A vector takes whatever is written to it.
                drop(set.serialize_into(&mut bytes));
                bytes
            }
            Added::Sketch(sketch) => sketch.to_redis_compact_bytes(),
        }
    }

    fn read(kind: u8, bytes: &[u8]) -> Option<Added> {
        match kind {
            0 => Tally::from_text(std::str::from_utf8(bytes).ok()?).map(Added::Numbers),
            1 => {
                let set = RoaringTreemap::deserialize_from(bytes).ok()?;
                Some(Added::Integers(set.iter().map(|bits| (bits ^ SIGN) as i64).collect()))
            }
            2 => {
                let sketch = HyperLogLog::from_redis_bytes(bytes).ok()?;
                Some(Added::Sketch(Box::new(sketch)))
            }
            _ => None,
        }
    }
}

/// Writes what a range added, each to the member of a place: place, kind, length, bytes.
pub(super) fn to_bytes(added: &[(usize, Added)]) -> Vec<u8> {
    let mut written = Vec::new();
    for (place, added) in added {
        let bytes = added.bytes();
        let (place, length) = (
            u32::try_from(*place).unwrap_or(u32::MAX),
            u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        );
        written.extend_from_slice(&place.to_le_bytes());
        written.push(added.kind());
        written.extend_from_slice(&length.to_le_bytes());
        written.extend_from_slice(&bytes);
    }
    written
}

/// Reads what [`to_bytes`] has written; `None` for anything else.
pub(super) fn from_bytes(mut bytes: &[u8]) -> Option<Vec<(usize, Added)>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (place, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (own, rest) = rest.split_at_checked(length)?;
        let place = usize::try_from(u32::from_le_bytes(*place)).ok()?;
        all.push((place, Added::read(*kind, own)?));
        bytes = rest;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::super::tally::Merge;
    use super::*;

    #[test]
    fn what_was_added_reads_back_as_it_was() {
        let mut sketch = HyperLogLog::default();
        (0..1_000).for_each(|integer| {
            sketch.add_integer(integer);
        });
        let added = [
            (3, Added::Integers(vec![i64::MIN, -1, 0, 1, i64::MAX])),
            (0, Added::Sketch(Box::new(sketch))),
            (7, Added::Numbers(Tally::new(Merge::Average, true, 10))),
        ];
        let bytes = to_bytes(&added);
        let read = from_bytes(&bytes).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(to_bytes(&read), bytes);
        assert!(matches!(&read[0], (3, Added::Integers(integers)) if integers == &[i64::MIN, -1, 0, 1, i64::MAX]));
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let bytes = to_bytes(&[(0, Added::Integers(vec![1, 2, 3]))]);
        for length in 1..bytes.len() {
            assert!(from_bytes(&bytes[..length]).is_none(), "{length}");
        }
    }
}
