//! Why a file is no bundle to be trusted.

/// What is wrong with a file. No message quotes what the file holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("it ends too early: copy the file again")]
    Truncated,
    #[error("it is no {what} of service-ping: name the file that {made_by} wrote")]
    Foreign { what: &'static str, made_by: &'static str },
    #[error("it is of format {0}, which this version does not know: use a newer service-ping")]
    Newer(u64),
    #[error("it was altered since it was written: ask for it again")]
    Altered,
    #[error("it is signed by another key than the one that is trusted, by {0}")]
    OtherKey(String),
    #[error("a public key is 64 hexadecimal digits, as bundle export says it")]
    NoKey,
    #[error("it cannot be written as JSON")]
    Unwritable,
}
