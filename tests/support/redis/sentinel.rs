//! A primary, its replica, and the Sentinel that knows them.

use super::server::{Redis, RedisSettings};
use crate::support::wait::wait_until;

/// The name by which the Sentinel knows the primary.
pub const PRIMARY: &str = "events";

pub struct RedisSentinel {
    pub primary: Redis,
    pub replica: Redis,
    pub sentinel: Redis,
}

impl RedisSentinel {
    pub fn start() -> RedisSentinel {
        let primary = Redis::start();
        let replica = Redis::start_with(RedisSettings::with(&[
            "--replicaof",
            "127.0.0.1",
            &primary.port.to_string(),
        ]));
        wait_until("the replica to follow", || {
            replica.cli(&["INFO", "replication"]).contains("master_link_status:up")
        });
        let sentinel = Redis::start_with(RedisSettings {
            sentinel: true,
            ..RedisSettings::default()
        });
        sentinel.cli(&[
            "SENTINEL",
            "MONITOR",
            PRIMARY,
            "127.0.0.1",
            &primary.port.to_string(),
            "1",
        ]);
        sentinel.cli(&["SENTINEL", "SET", PRIMARY, "down-after-milliseconds", "500"]);
        wait_until("the Sentinel to know the replica", || {
            sentinel
                .cli(&["SENTINEL", "REPLICAS", PRIMARY])
                .contains(&replica.port.to_string())
        });
        RedisSentinel {
            primary,
            replica,
            sentinel,
        }
    }

    pub fn url(&self) -> String {
        format!("redis-sentinel://127.0.0.1:{}/{PRIMARY}", self.sentinel.port)
    }
}
