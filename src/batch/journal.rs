//! Who is told what a run has done so far, so that another process can go on with it.

use std::pin::Pin;

/// Keeps what was done. A lane begins no range before what it has done is kept, so that a run that is killed repeats at
/// most one range for each of its connections.
pub trait Journal: Sync {
    /// Whether anything is kept at all; if not, nothing is written down.
    fn is_kept(&self) -> bool;

    /// A range of a scan was added to its members, and the scan is not over.
    fn step(&self, step: Step);

    /// A scan of which ranges were told is over.
    fn over(&self, scan: &str);

    /// The scans of a database that are to be gone on with.
    fn unfinished(&self, database: &str) -> Vec<Unfinished>;

    /// Ends when everything that was told so far is kept.
    fn commit(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A range that was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Another name for each scan.
    pub scan: String,
    pub database: String,
    /// The numbers of all its measures, those included that have ended.
    pub members: Vec<usize>,
    /// The place of the range among those of the scan.
    pub number: u64,
    /// What is left of the scan now.
    pub remaining: String,
    /// What the range added.
    pub added: Vec<u8>,
}

/// A scan that a process left unfinished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub scan: String,
    /// The numbers of its measures, as they are now; `None` for those that are not to be read.
    pub members: Vec<Option<usize>>,
    pub remaining: String,
    /// What its ranges added.
    pub added: Vec<Vec<u8>>,
    /// The place of the next range.
    pub next: u64,
}

/// Keeps nothing.
pub struct NoJournal;

impl Journal for NoJournal {
    fn is_kept(&self) -> bool {
        false
    }

    fn step(&self, _: Step) {}

    fn over(&self, _: &str) {}

    fn unfinished(&self, _: &str) -> Vec<Unfinished> {
        Vec::new()
    }

    fn commit(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}
