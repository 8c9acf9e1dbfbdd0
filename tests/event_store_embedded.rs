//! The embedded event store: its semantics, its file, its processes, and copies of it.

mod support;

#[path = "event_store_embedded/copying.rs"]
mod copying;
#[path = "event_store_embedded/corruption.rs"]
mod corruption;
#[path = "event_store_embedded/expiry.rs"]
mod expiry;
#[path = "event_store_embedded/file.rs"]
mod file;
#[path = "event_store_embedded/model.rs"]
mod model;
#[path = "event_store_embedded/place.rs"]
mod place;
#[path = "event_store_embedded/processes.rs"]
mod processes;
#[path = "event_store_embedded/redis.rs"]
mod redis;
#[path = "event_store_embedded/speed.rs"]
mod speed;

mod semantics {
    crate::support::event_store::event_store_checks!(crate::place::Place::new);
}
