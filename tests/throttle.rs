//! Runs that are held back, and runs that must end: a busy server, hours, a budget.

mod support;

#[path = "throttle/budget.rs"]
mod budget;
#[path = "throttle/held.rs"]
mod held;
#[path = "throttle/hours.rs"]
mod hours;
#[path = "faults/instance.rs"]
#[expect(dead_code, reason = "the faults use the rest of it")]
mod instance;
#[path = "throttle/lag.rs"]
mod lag;
#[path = "throttle/limits.rs"]
mod limits;
#[path = "throttle/query.rs"]
mod query;
#[path = "faults/server.rs"]
#[expect(dead_code, reason = "the faults use the rest of it")]
mod server;
#[path = "throttle/sessions.rs"]
mod sessions;
