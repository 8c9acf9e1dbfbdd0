//! Runs that are killed, frozen, or begun twice, by the built binary on real servers: the payload is the one of a run that
//! nobody disturbed, and the receiver has it once.

mod support;

#[path = "resume/gate.rs"]
mod gate;
#[path = "resume/instance.rs"]
mod instance;
#[path = "resume/kills.rs"]
mod kills;
#[path = "resume/leases.rs"]
mod leases;
#[path = "resume/ranges.rs"]
mod ranges;
#[path = "resume/scheduled.rs"]
mod scheduled;
