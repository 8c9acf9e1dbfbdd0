//! Redis as the event store, against real servers; redis-cli is the second opinion.

#[path = "event_store_redis/copying.rs"]
mod copying;
#[path = "event_store_redis/exactly_once.rs"]
mod exactly_once;
#[path = "event_store_redis/faults.rs"]
mod faults;
#[path = "event_store_redis/harness.rs"]
mod harness;
#[path = "event_store_redis/on_a_cluster.rs"]
mod on_a_cluster;
#[path = "event_store_redis/places.rs"]
mod places;
#[path = "event_store_redis/reading.rs"]
mod reading;
#[path = "event_store_redis/semantics.rs"]
mod semantics;
mod support;
#[path = "event_store_redis/writing.rs"]
mod writing;
