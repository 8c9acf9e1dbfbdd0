//! The ids of traces and spans (W3C Trace Context).

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
