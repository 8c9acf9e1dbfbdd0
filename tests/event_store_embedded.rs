//! The embedded event store: its semantics, its file, its processes, and copies of it.

mod support;

#[path = "event_store_embedded/place.rs"]
mod place;

support::event_store::event_store_checks!(place::Place::new);
