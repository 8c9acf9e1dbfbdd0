//! What a run waits for, told while it is read.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select, select_all};
use tokio::sync::watch;

use super::read::Progress;
use crate::source::database::Database;

/// How often what is waited for is told again, while it stays the same.
const AGAIN_EVERY: Duration = Duration::from_secs(1);

/// Awaits `reading`, and tells meanwhile what the databases wait for.
pub(super) async fn while_telling<T>(
    reading: impl Future<Output = T>,
    databases: &BTreeMap<String, Arc<Database>>,
    progress: &dyn Progress,
) -> T {
    let mut watched = Watched::new(databases);
    let read = match select(pin!(reading), pin!(watched.tell(progress))).await {
        Either::Left((read, _)) => read,
        Either::Right((never, _)) => match never {},
    };
    // What was left to read may be over before anyone was told that the wait is.
    if watched.waits && watched.says().is_none() {
        progress.waiting(None);
    }
    read
}

/// Never.
enum Never {}

struct Watched<'a> {
    /// Whether the last thing told was a wait.
    waits: bool,
    waiting: Vec<(&'a str, watch::Receiver<Option<String>>)>,
}

impl<'a> Watched<'a> {
    fn new(databases: &'a BTreeMap<String, Arc<Database>>) -> Watched<'a> {
        let waiting = databases
            .iter()
            .map(|(name, database)| (name.as_str(), database.waiting()));
        Watched {
            waits: false,
            waiting: waiting.collect(),
        }
    }

    async fn tell(&mut self, progress: &dyn Progress) -> Never {
        loop {
            let says = self.says();
            if self.waits || says.is_some() {
                progress.waiting(says.as_deref());
            }
            self.waits = says.is_some();
            self.changed().await;
        }
    }

    /// All that is waited for; with the database's name where there are several.
    fn says(&mut self) -> Option<String> {
        let is_one = self.waiting.len() == 1;
        let waiting = self.waiting.iter_mut().filter_map(|(name, waiting)| {
            let says = waiting.borrow_and_update().clone()?;
            Some(if is_one { says } else { format!("{name}: {says}") })
        });
        let waiting: Vec<String> = waiting.collect();
        (!waiting.is_empty()).then(|| waiting.join("; "))
    }

    /// Ends when a database waits for something else, or no more; while one waits, every now and then.
    async fn changed(&mut self) {
        let waits = self.waits;
        let changes = self.waiting.iter_mut().map(|(_, waiting)| Box::pin(waiting.changed()));
        let changes: Vec<_> = changes.collect();
        let again = async {
            match waits {
                true => tokio::time::sleep(AGAIN_EVERY).await,
                false => std::future::pending().await,
            }
        };
        match changes.is_empty() {
            true => again.await,
            false => drop(select(select_all(changes), pin!(again)).await),
        }
    }
}
