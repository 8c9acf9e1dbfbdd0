//! A request as it came.

/// What a collector is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The parts of the path: vendor and version of the payload.
    pub vendor: String,
    pub version: String,
    pub content_type: Option<String>,
    pub user_agent: Option<String>,
    pub body: Vec<u8>,
    /// When it came, in milliseconds since 1970.
    pub collected_at: u64,
}
