//! The live data: databases, which are only read, the event store, Prometheus, and components that are asked over HTTP.
//! Bounded, cancellable.

pub mod component;
pub mod database;
pub mod event_store;
pub mod facts;
pub mod geo;
mod http;
pub mod license;
pub mod prometheus;

use std::collections::BTreeMap;
use std::sync::Arc;

use component::Components;
use database::{Database, Interrupt, StatementLog};
use event_store::EventStore;
use facts::Facts;
use geo::GeoNodes;
use prometheus::Prometheus;

use crate::measure::{Failure, Reason};

/// Everything that measures are read from in one run.
pub struct Sources {
    /// By the name under `[database.*]`.
    pub databases: BTreeMap<String, Arc<Database>>,
    /// Where events are counted; `None` where the configuration names none.
    pub event_store: Option<Arc<dyn EventStore>>,
    /// Asked for what the instance's operation shows; `None` where the configuration names none.
    pub prometheus: Option<Arc<Prometheus>>,
    pub facts: Facts,
    /// What is asked over HTTP.
    pub components: Components,
    /// What a primary site was told; `None` where this is none.
    pub geo: Option<GeoNodes>,
    pub interrupt: Interrupt,
    /// Is told of every statement.
    pub log: StatementLog,
}

impl Sources {
    /// A database by its name.
    ///
    /// # Errors
    /// `source_not_configured` where the configuration does not name it.
    pub fn database(&self, name: &str) -> Result<&Database, Failure> {
        self.databases.get(name).map(Arc::as_ref).ok_or_else(|| {
            Failure::new(
                Reason::SourceNotConfigured,
                format!("the configuration has no [database.{name}]"),
            )
        })
    }
}
