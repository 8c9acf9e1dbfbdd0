//! The live data: databases, which are only read, and the event store. Bounded, cancellable.

pub mod database;
pub mod event_store;
pub mod facts;

use std::collections::BTreeMap;
use std::sync::Arc;

use database::{Database, Interrupt, StatementLog};
use event_store::EventStore;
use facts::Facts;

/// Everything that measures are read from in one run.
pub struct Sources {
    /// By the name under `[database.*]`.
    pub databases: BTreeMap<String, Arc<Database>>,
    /// Where events are counted; `None` where the configuration names none.
    pub event_store: Option<Arc<dyn EventStore>>,
    pub facts: Facts,
    pub interrupt: Interrupt,
    /// Is told of every statement.
    pub log: StatementLog,
}
