//! What the server asks of the ways that the verbs go: it has no logic of its own, and who starts it lends it theirs.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::dictionary::Dictionary;
use crate::report::Standing;

/// Why something cannot be shown or done; a sentence for a person, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EngineError(pub String);

/// What would leave now.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The very bytes.
    pub payload: String,
    /// Where they would go, or why they would not.
    pub says: String,
}

/// A metric that was measured for somebody who looks on.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredNow {
    pub value: Value,
    /// The statements with their times, as text.
    pub statements: String,
    /// What there is to say of it: its reason, what to do.
    pub details: String,
    pub is_well: bool,
}

/// What the operator's consent looks like.
#[derive(Debug)]
pub struct ConsentView {
    pub standing: Standing,
    /// Whether metrics that were not accepted stay here.
    pub is_explicit: bool,
    /// The last answer, as a sentence.
    pub last_answer: Option<String>,
}

/// A future's answer.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, EngineError>>;

/// The verbs' own ways.
pub trait Engine: Send + Sync + fmt::Debug {
    /// As `dump sql --format json`.
    fn queries(&self) -> Answer<'_, Value>;

    /// As `dump non-sql --format json`.
    fn non_sql(&self) -> Answer<'_, Value>;

    /// As `preview`.
    fn preview(&self) -> Answer<'_, Preview>;

    /// As `explain KEY`.
    fn explain<'a>(&'a self, key_path: &'a str) -> Answer<'a, String>;

    /// As `metric KEY`.
    fn measure<'a>(&'a self, key_path: &'a str) -> Answer<'a, MeasuredNow>;

    /// As `consent show`.
    fn consent(&self) -> Answer<'_, ConsentView>;

    /// What readers look up of the definitions.
    fn dictionary(&self) -> Answer<'_, Arc<Dictionary>>;
}
