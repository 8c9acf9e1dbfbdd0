//! Events on disk: segments that are only ever appended to, several callers' events in one write, and a mark of what has
//! left. What was accepted is found again after any end of the process, and after the machine's where the disk is waited
//! for.
//!
//! ```text
//! spool/lock                 held by the one process that uses it
//! spool/00000000000001.log   records, one after the other
//! spool/left                 how far everything has left: two places, written in turn
//! spool/dead-letters.jsonl   what was refused for good
//! ```

mod commit;
mod folder;
mod look;
mod mark;
mod open;
mod options;
mod read;
mod record;
mod room;
mod segment;
mod state;

pub use look::Look;
pub use options::{Fsync, SpoolOptions};
pub use state::Spool;
