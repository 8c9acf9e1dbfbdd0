//! The checks that every event store passes, against a server.

use service_ping::source::event_store::{EventStore, RedisOptions, RedisStore};

use crate::support::redis::server::Redis;

/// A server of its own with a store over it.
struct Place {
    store: RedisStore,
    _redis: Redis,
}

impl Place {
    #[expect(clippy::unused_async, reason = "other stores must be waited for")]
    async fn new() -> Place {
        let redis = Redis::start();
        let store = RedisStore::new(RedisOptions::new(redis.url())).unwrap();
        Place { store, _redis: redis }
    }

    fn store(&self) -> &dyn EventStore {
        &self.store
    }
}

crate::support::event_store::event_store_checks!(Place::new);
