//! Keys, windows and tracking rules of events: what GitLab's tables say, and a slow model says again.

#[path = "keyspace/catalogs.rs"]
mod catalogs;
#[path = "keyspace/internal.rs"]
mod internal;
#[path = "keyspace/keys.rs"]
mod keys;
#[path = "keyspace/measures.rs"]
mod measures;
#[path = "keyspace/windows.rs"]
mod windows;
