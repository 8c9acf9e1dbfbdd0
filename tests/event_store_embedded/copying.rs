//! Copies from one file to another, whole, in part and again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use service_ping::event::{CopyReport, copy};
use service_ping::keyspace::Life;
use service_ping::measure::{Failure, Reason};
use service_ping::source::event_store::{
    Batch, Content, EmbeddedOptions, Entry, EventStore, Page, UnionAnswer, Unions,
};

use crate::place::Place;
use crate::support::event_store::{
    WEEK, add, entries, increment, increment_field, increment_float, living, sketch_of, write,
};

fn in_small_pages() -> Place {
    Place::with(|options| EmbeddedOptions { page: 3, ..options })
}

async fn count_something(store: &dyn EventStore, from: i64) {
    let mut writes: Vec<_> = (0..10)
        .map(|n| increment(&format!("{{{n}}}_total"), from + n))
        .collect();
    writes.extend([
        increment_float("{s}_sum", 0.1 + from as f64),
        increment_field("{h}", &format!("f{from}"), from),
        increment_field("{h}", "both", 1),
        add("{large}", from..from + 3_000),
        living(Life::Renewed(WEEK), add("{small}", from..from + 5)),
    ]);
    write(store, writes).await;
}

/// What the stores hold together, expiries left aside.
async fn contents(store: &dyn EventStore) -> BTreeMap<String, Content> {
    let entries = entries(store).await.into_iter();
    entries.map(|(key, entry)| (key, entry.content)).collect()
}

async fn copied(from: &dyn EventStore, to: &dyn EventStore) -> Result<CopyReport, Failure> {
    copy(from, to, &mut |_| {}).await
}

#[tokio::test]
async fn a_copy_holds_the_same_however_often_it_is_made() {
    let (from, to) = (in_small_pages(), Place::new().await);
    count_something(from.store(), 1).await;
    let mut told = Vec::new();
    let report = copy(from.store(), to.store(), &mut |entries| told.push(entries))
        .await
        .unwrap();
    let expected = CopyReport {
        entries: 14,
        counters: 10,
        sums: 1,
        hashes: 1,
        sketches: 2,
    };
    assert_eq!(report, expected);
    assert_eq!(told, [3, 6, 9, 12, 14]);
    assert_eq!(contents(to.store()).await, contents(from.store()).await);
    let lives = entries(to.store()).await["{small}"].lives.unwrap();
    assert!(lives <= WEEK && lives > WEEK / 2, "{lives:?}");
    assert_eq!(copied(from.store(), to.store()).await, Ok(expected));
    assert_eq!(contents(to.store()).await, contents(from.store()).await);
    count_something(from.store(), 20).await;
    copied(from.store(), to.store()).await.unwrap();
    assert_eq!(contents(to.store()).await, contents(from.store()).await);
}

#[tokio::test]
async fn a_copy_adds_to_what_the_target_counts_itself() {
    let (from, to) = (in_small_pages(), Place::new().await);
    for round in 0..3 {
        count_something(from.store(), 10 * round).await;
        count_something(to.store(), 1_000).await;
        copied(from.store(), to.store()).await.unwrap();
    }
    let contents = contents(to.store()).await;
    assert_eq!(contents["{3}_total"], Content::Counter(3 * 1_003 + (3 + 13 + 23)));
    assert_eq!(contents["{s}_sum"], Content::Sum(3_030.6));
    let fields = [("both", 6), ("f0", 0), ("f10", 10), ("f1000", 3_000), ("f20", 20)];
    let fields = fields.map(|(field, value)| (field.to_owned(), value));
    assert_eq!(contents["{h}"], Content::Fields(BTreeMap::from(fields)));
    let sketch = Box::new(sketch_of((0..3_020).chain(1_000..4_000)));
    assert_eq!(contents["{large}"], Content::Sketch(sketch));
}

/// Breaks off at one call of `absorb`, before or after it did its work.
#[derive(Debug)]
struct Breaking<'a> {
    store: &'a dyn EventStore,
    left: AtomicUsize,
    after: bool,
}

impl EventStore for Breaking<'_> {
    fn address(&self) -> String {
        self.store.address()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Failure>> {
        self.store.ping()
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, Result<Vec<Result<(), Failure>>, Failure>> {
        self.store.write(batch)
    }

    fn values<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<Option<String>, Failure>>> {
        self.store.values(keys)
    }

    fn hashes<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Vec<Result<BTreeMap<String, i64>, Failure>>> {
        self.store.hashes(keys)
    }

    fn unions<'a>(&'a self, ask: &'a Unions) -> BoxFuture<'a, Vec<Result<UnionAnswer, Failure>>> {
        self.store.unions(ask)
    }

    fn page<'a>(&'a self, cursor: Option<String>) -> BoxFuture<'a, Result<Page, Failure>> {
        self.store.page(cursor)
    }

    fn absorb<'a>(&'a self, origin: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let breaks = self.left.fetch_sub(1, Ordering::SeqCst) == 0;
            if !breaks || self.after {
                self.store.absorb(origin, entries).await?;
            }
            let broken = || Failure::new(Reason::ConnectionLost, "broken off");
            if breaks { Err(broken()) } else { Ok(()) }
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<String, Failure>> {
        self.store.identity()
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_short_anywhere_is_begun_again() {
    let from = in_small_pages();
    count_something(from.store(), 1).await;
    let expected = contents(from.store()).await;
    for after in [false, true] {
        let to = Place::new().await;
        for left in 0..5 {
            let breaking = Breaking {
                store: to.store(),
                left: AtomicUsize::new(left),
                after,
            };
            let failure = copied(from.store(), &breaking).await.unwrap_err();
            assert_eq!(failure.reason, Reason::ConnectionLost);
        }
        copied(from.store(), to.store()).await.unwrap();
        assert_eq!(contents(to.store()).await, expected);
    }
}

#[tokio::test]
async fn a_store_is_not_copied_onto_itself() {
    let place = Place::new().await;
    write(place.store(), vec![increment("{n}", 1)]).await;
    let failure = copied(place.store(), &place.another()).await.unwrap_err();
    assert!(failure.message.contains("the same event store"), "{failure}");
    assert_eq!(place.sqlite3("SELECT number FROM entries"), "1");
}

#[tokio::test]
async fn a_store_that_does_not_exist_is_copied_to_nothing() {
    let (from, to) = (Place::new().await, Place::new().await);
    assert_eq!(copied(from.store(), to.store()).await, Ok(CopyReport::default()));
    for place in [from, to] {
        assert!(!place.path().exists());
    }
}

#[tokio::test]
async fn a_key_of_another_kind_stops_a_copy_and_is_named() {
    let (from, to) = (Place::new().await, Place::new().await);
    write(from.store(), vec![increment("{a}", 1), increment("{n}", 1)]).await;
    write(to.store(), vec![add("{n}", 0..3)]).await;
    let failure = copied(from.store(), to.store()).await.unwrap_err();
    assert_eq!(failure.reason, Reason::WrongKeyType);
    assert!(failure.message.contains("{n}"), "{failure}");
    assert_eq!(
        to.sqlite3("SELECT count(*) FROM entries"),
        "1",
        "a page is taken in whole or not at all"
    );
}
