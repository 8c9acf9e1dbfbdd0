//! Delivery against an endpoint that misbehaves, and the receiving end.

#[path = "versions/bundle.rs"]
mod bundle;
#[path = "versions/delivery.rs"]
mod delivery;
#[path = "versions/followers.rs"]
mod followers;
#[path = "versions/outbox.rs"]
mod outbox;
#[path = "state/postgres.rs"]
mod postgres;
#[path = "versions/processes.rs"]
mod processes;
#[path = "versions/property.rs"]
mod property;
#[path = "versions/receiver.rs"]
mod receiver;
#[path = "versions/script.rs"]
mod script;
#[path = "versions/waiting.rs"]
mod waiting;
