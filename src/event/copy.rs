//! Copying one event store into another.

use crate::measure::{Failure, Reason};
use crate::source::event_store::{Content, Entry, EventStore};

/// What a copy came upon. A store may show a key twice; it counts twice here, and once in the store that it is copied to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyReport {
    pub entries: u64,
    pub counters: u64,
    pub sums: u64,
    pub hashes: u64,
    pub sketches: u64,
}

impl CopyReport {
    fn count(&mut self, entry: &Entry) {
        self.entries += 1;
        *match entry.content {
            Content::Counter(_) => &mut self.counters,
            Content::Sum(_) => &mut self.sums,
            Content::Fields(_) => &mut self.hashes,
            Content::Sketch(_) => &mut self.sketches,
        } += 1;
    }
}

/// Copies all that a store holds into another, beside what that one holds; tells after each page how many entries it has
/// copied.
///
/// It may be cut short anywhere and begun again, and be repeated while the first store goes on counting: each time adds
/// what is new since the last.
///
/// # Errors
/// Both are the same store, one of them failed, or holds a key that is damaged or of another kind than in the other. What
/// was copied before stays.
pub async fn copy(
    from: &dyn EventStore,
    to: &dyn EventStore,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<CopyReport, Failure> {
    let mut report = CopyReport::default();
    let mut page = from.page(None).await?;
    // A store that does not exist yet has no identity; to ask for one would make it.
    if page.entries.is_empty() && page.next.is_none() {
        return Ok(report);
    }
    let origin = origin(from, to).await?;
    loop {
        to.absorb(&origin, &page.entries).await?;
        page.entries.iter().for_each(|entry| report.count(entry));
        progress(report.entries);
        match page.next {
            Some(next) => page = from.page(Some(next)).await?,
            None => return Ok(report),
        }
    }
}

/// The identity of the store that is copied.
async fn origin(from: &dyn EventStore, to: &dyn EventStore) -> Result<String, Failure> {
    let origin = from.identity().await?;
    if origin == to.identity().await? {
        return Err(Failure::new(
            Reason::InvalidOptions,
            format!(
                "{} and {} are the same event store, or one is a copy of the other's file: name two stores",
                from.address(),
                to.address()
            ),
        ));
    }
    Ok(origin)
}
