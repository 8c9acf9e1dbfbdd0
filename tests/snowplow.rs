//! Single events: from a call to a collector, over whatever happens between.

mod support;

#[path = "snowplow/chaos.rs"]
mod chaos;
#[path = "snowplow/collector.rs"]
mod collector;
#[path = "snowplow/concurrency.rs"]
mod concurrency;
#[path = "snowplow/events.rs"]
mod events;
#[path = "snowplow/front.rs"]
mod front;
#[path = "snowplow/kills.rs"]
mod kills;
#[path = "snowplow/memory.rs"]
mod memory;
#[path = "snowplow/outage.rs"]
mod outage;
#[path = "snowplow/peers.rs"]
mod peers;
#[path = "snowplow/refusals.rs"]
mod refusals;
#[path = "snowplow/retries.rs"]
mod retries;
#[path = "snowplow/serving.rs"]
mod serving;
#[path = "snowplow/simulated.rs"]
mod simulated;
#[path = "snowplow/spool.rs"]
mod spool;
#[path = "snowplow/tokens.rs"]
mod tokens;
#[path = "snowplow/tracking.rs"]
mod tracking;
#[path = "snowplow/usage.rs"]
mod usage;
#[path = "snowplow/verbs.rs"]
mod verbs;
