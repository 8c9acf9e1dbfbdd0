//! Exit codes, which scripts and timers rely on.

/// Everything that was asked for was done.
pub const DONE: u8 = 0;
/// Something went wrong that no other code names.
pub const UNEXPECTED: u8 = 1;
/// A test of a definition failed.
pub const TEST_FAILED: u8 = 1;
/// The command line cannot be understood.
pub const USAGE: u8 = 2;
/// The definitions or the configuration have errors.
pub const INVALID: u8 = 3;
/// The payload was collected but not delivered: it waits in the outbox.
pub const NOT_DELIVERED: u8 = 4;
/// Another run holds the lease, or has taken it over.
pub const LEASE_HELD: u8 = 5;
/// Reporting is off, or not consented to.
pub const REPORTING_OFF: u8 = 6;
/// Interrupted by a signal, as shells spell SIGINT.
pub const INTERRUPTED: u8 = 130;
