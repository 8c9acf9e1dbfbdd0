//! What a metric asks of the event store.

use crate::relation::Window;

/// Keys of the event store, and what is made of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventMeasure {
    pub read: EventRead,
    /// The instants that the keys cover; `None` where they cover all time.
    pub window: Option<Window>,
}

/// How keys are read. An absent key counts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventRead {
    /// The sum of counters.
    Total(Vec<String>),
    /// The sum of sums of floats.
    Sum(Vec<String>),
    /// How many distinct values the sketches hold together.
    Unique(Vec<String>),
    /// The sketches themselves, as one: a part of an aggregate.
    Sketch(Vec<String>),
    /// The fields of hashes, added up by name, for each identifier.
    Fields(Vec<(String, Vec<String>)>),
}

impl EventMeasure {
    /// The keys that are read, each as often as it is.
    pub fn keys(&self) -> Vec<&str> {
        match &self.read {
            EventRead::Total(keys) | EventRead::Sum(keys) | EventRead::Unique(keys) | EventRead::Sketch(keys) => {
                keys.iter().map(String::as_str).collect()
            }
            EventRead::Fields(parts) => parts.iter().flat_map(|(_, keys)| keys).map(String::as_str).collect(),
        }
    }

    /// The question as a person would put it to Redis.
    pub fn command(&self) -> String {
        let keys = self.keys().join(" ");
        match &self.read {
            EventRead::Unique(_) => format!("PFCOUNT {keys}"),
            EventRead::Fields(_) => format!("HGETALL {keys}"),
            EventRead::Total(_) | EventRead::Sum(_) | EventRead::Sketch(_) => match self.keys().len() {
                1 => format!("GET {keys}"),
                _ => format!("MGET {keys}"),
            },
        }
    }
}
