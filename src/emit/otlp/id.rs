//! The ids of traces and spans (W3C Trace Context).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A trace's id: 16 bytes, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// A span's id: 8 bytes, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

impl TraceId {
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Hex digits in either case, 32 of them, not all zero.
impl FromStr for TraceId {
    type Err = NoId;

    fn from_str(text: &str) -> Result<TraceId, NoId> {
        bytes(text).map(TraceId)
    }
}

/// Hex digits in either case, 16 of them, not all zero.
impl FromStr for SpanId {
    type Err = NoId;

    fn from_str(text: &str) -> Result<SpanId, NoId> {
        bytes(text).map(SpanId)
    }
}

/// A text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 hex digits for a trace and 16 for a span, not all of them zero")]
pub struct NoId;

fn bytes<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], NoId> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()
        .ok_or(NoId)?;
    let pairs: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    let is_whole = digits.len() == 2 * LENGTH && pairs.iter().any(|byte| *byte != 0);
    pairs.try_into().ok().filter(|_| is_whole).ok_or(NoId)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A trace may bear the id of what it is of, so that whoever knows the one finds the other.
impl From<Uuid> for TraceId {
    fn from(id: Uuid) -> TraceId {
        TraceId(id.into_bytes())
    }
}

impl SpanId {
    /// Another id each time.
    pub fn random() -> SpanId {
        // A random UUID has six bits that are not random; its halves have them in different places.
        let (high, low) = Uuid::new_v4().as_u64_pair();
        SpanId((high ^ low).max(1).to_be_bytes())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
