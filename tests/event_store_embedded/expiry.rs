//! Expiry, by a clock that the tests move.

use std::collections::BTreeMap;
use std::time::Duration;

use service_ping::keyspace::Life;
use service_ping::source::event_store::{Content, Entry, EventStore};

use crate::place::{Place, StoppedClock};
use crate::support::event_store::{
    WEEK, add, count, entries, hash, increment, increment_field, lives, living, sketch, sketch_of, text, value, write,
};

fn place(clock: &StoppedClock) -> Place {
    Place::with(|options| service_ping::source::event_store::EmbeddedOptions {
        clock: clock.clock(),
        ..options
    })
}

async fn write_one_each(store: &dyn EventStore, life: Life) {
    let writes = [increment("{n}", 7), increment_field("{h}", "old", 7), add("{s}", 0..7)];
    write(store, writes.map(|write| living(life, write)).to_vec()).await;
}

#[tokio::test]
async fn an_expired_key_is_absent_at_once_and_removed_with_a_later_write() {
    let clock = StoppedClock::default();
    let place = place(&clock);
    let store = place.store();
    write_one_each(store, Life::Fixed(WEEK)).await;
    clock.advance(WEEK - Duration::from_secs(1));
    assert_eq!(text(store, "{n}").await, "7");
    assert_eq!(count(store, &["{s}"]).await, 7);
    assert_eq!(lives(store, "{h}").await, Some(Duration::from_secs(1)));
    clock.advance(Duration::from_secs(1));
    assert_eq!(value(store, "{n}").await, Ok(None));
    assert_eq!(hash(store, "{h}").await, Ok(BTreeMap::new()));
    assert_eq!(count(store, &["{s}"]).await, 0);
    assert_eq!(entries(store).await, BTreeMap::new());
    let rows = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM sketches), (SELECT count(*) FROM fields)";
    assert_eq!(place.sqlite3(rows), "3|1|1");
    write(store, vec![increment("{other}", 1)]).await;
    assert_eq!(place.sqlite3(rows), "1|0|0");
}

#[tokio::test]
async fn a_write_to_an_expired_key_starts_afresh_in_any_kind() {
    let clock = StoppedClock::default();
    let place = place(&clock);
    let store = place.store();
    write_one_each(store, Life::Fixed(WEEK)).await;
    clock.advance(WEEK);
    // More expired than a batch clears away beside its own writes.
    let many = (0..500).map(|n| living(Life::Fixed(WEEK), increment(&format!("{{{n}}}"), 1)));
    write(store, many.collect()).await;
    write_one_each(store, Life::Fixed(WEEK)).await;
    clock.advance(WEEK);
    write(
        store,
        vec![increment("{s}", 1), add("{h}", 0..2), increment_field("{n}", "new", 3)],
    )
    .await;
    assert_eq!(text(store, "{s}").await, "1");
    assert_eq!(sketch(store, "{h}").await.unwrap(), sketch_of(0..2));
    assert_eq!(hash(store, "{n}").await, Ok(BTreeMap::from([("new".to_owned(), 3)])));
    assert_eq!(lives(store, "{n}").await, None);
    assert_eq!(place.sqlite3("PRAGMA foreign_key_check"), "");
}

#[tokio::test]
async fn a_key_that_expires_within_its_batch_starts_afresh() {
    let place = Place::new().await;
    let store = place.store();
    let gone = living(Life::Renewed(Duration::ZERO), increment("{n}", 5));
    write(store, vec![increment("{n}", 1), gone.clone(), increment("{n}", 2)]).await;
    assert_eq!(text(store, "{n}").await, "2");
    write(store, vec![gone]).await;
    assert_eq!(value(store, "{n}").await, Ok(None));
}

#[tokio::test]
async fn what_a_store_counts_after_an_expiry_is_taken_in_whole() {
    let clock = StoppedClock::default();
    let place = place(&clock);
    let store = place.store();
    let counted = |counter, lives| Entry {
        key: "{n}".to_owned(),
        content: Content::Counter(counter),
        lives: Some(lives),
    };
    write(store, vec![increment("{n}", 100)]).await;
    store.absorb("there", &[counted(7, WEEK)]).await.unwrap();
    clock.advance(WEEK);
    store.absorb("there", &[counted(3, 2 * WEEK)]).await.unwrap();
    assert_eq!(text(store, "{n}").await, "110");
    // Here the key itself expires, and what was taken in goes with it, though it still lives there.
    write(store, vec![living(Life::Renewed(WEEK), increment("{n}", 1))]).await;
    clock.advance(WEEK);
    store.absorb("there", &[counted(3, WEEK)]).await.unwrap();
    assert_eq!(text(store, "{n}").await, "3");
}
