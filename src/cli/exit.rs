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
/// The payload was collected but not delivered: it waits in the outbox, or was refused for good.
pub const NOT_DELIVERED: u8 = 4;
/// Another run holds the lease, or has taken it over.
pub const LEASE_HELD: u8 = 5;
/// Reporting is off, or not consented to.
pub const REPORTING_OFF: u8 = 6;
/// Interrupted by a signal, as shells spell SIGINT.
pub const INTERRUPTED: u8 = 130;

/// Every code with its meaning, as `--help`, the manual page and README say it.
pub const MEANINGS: [(u8, &str); 8] = [
    (DONE, "done"),
    (
        UNEXPECTED,
        "unexpected error; of test, a test failed; of console, a value fell back",
    ),
    (USAGE, "the command line cannot be understood"),
    (INVALID, "invalid definitions or configuration"),
    (
        NOT_DELIVERED,
        "collected but not delivered: it waits for the next time, or was refused",
    ),
    (LEASE_HELD, "another run holds the lease, or has taken it over"),
    (REPORTING_OFF, "reporting is off, or not consented to"),
    (INTERRUPTED, "interrupted"),
];

/// The codes as `--help` ends with them, 80 columns wide at most.
pub(super) fn help() -> String {
    let line = |(code, meaning): &(u8, &str)| format!("\n  {code:>3}  {meaning}");
    format!("Exit codes:{}", MEANINGS.iter().map(line).collect::<String>())
}
