//! The live data: databases now, event stores and Prometheus beside them later. Read only, bounded, cancellable.

pub mod database;
pub mod event_store;
pub mod facts;

use std::collections::BTreeMap;
use std::sync::Arc;

use database::{Database, Interrupt, StatementLog};
use facts::Facts;

/// Everything that measures are read from in one run.
pub struct Sources {
    /// By the name under `[database.*]`.
    pub databases: BTreeMap<String, Arc<Database>>,
    pub facts: Facts,
    pub interrupt: Interrupt,
    /// Is told of every statement.
    pub log: StatementLog,
}
