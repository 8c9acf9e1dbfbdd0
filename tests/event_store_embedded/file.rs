//! The file: when it is made, and what is said of one that cannot be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use service_ping::measure::{Failure, Reason};
use service_ping::source::event_store::{Batch, EmbeddedOptions, EmbeddedStore, EventStore};
use sqlx::{ConnectOptions, Connection};

use crate::place::Place;
use crate::support::event_store::{add, entries, increment, text, value, write};

/// What a write and a read of a store under this path fail with.
async fn failures(path: &Path) -> [Failure; 2] {
    let store = EmbeddedStore::new(EmbeddedOptions::new(path));
    let written = store.write(&Batch::new(vec![increment("{n}", 1)])).await;
    [written.unwrap_err(), value(&store, "{n}").await.unwrap_err()]
}

/// That both fail, saying this, and that the file stays as it is.
async fn assert_left_alone(path: &Path, says: &str) {
    let before = fs::read(path).unwrap();
    for failure in failures(path).await {
        assert_eq!(failure.reason, Reason::SourceUnavailable);
        assert!(failure.message.contains(says), "{failure}");
        assert!(failure.message.contains(&path.display().to_string()), "{failure}");
    }
    assert_eq!(fs::read(path).unwrap(), before);
}

#[tokio::test]
async fn to_read_a_store_that_does_not_exist_creates_nothing() {
    let place = Place::new().await;
    let store = place.store();
    store.ping().await.unwrap();
    assert_eq!(value(store, "{n}").await, Ok(None));
    assert!(entries(store).await.is_empty());
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 0);
    // As soon as another process has written there is something to read.
    write(&place.another(), vec![increment("{n}", 1)]).await;
    assert_eq!(text(store, "{n}").await, "1");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new().await;
    write(place.store(), vec![increment("{n}", 1)]).await;
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("{}{suffix}", place.path().display());
        let mode = fs::metadata(&name).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_is_closed_is_there_when_it_is_opened_again() {
    let place = Place::new().await;
    write(place.store(), vec![increment("{n}", 3)]).await;
    let identity = place.store().identity().await.unwrap();
    let folder = place.close().await;
    let names: Vec<PathBuf> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(
        names,
        [folder.path().join("events.db")],
        "the log is folded into the file"
    );
    let again = EmbeddedStore::new(EmbeddedOptions::new(&names[0]));
    assert_eq!(text(&again, "{n}").await, "3");
    assert_eq!(again.identity().await.unwrap(), identity);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let place = Place::new().await;
    fs::write(place.path(), "Dear diary, ".repeat(1_000)).unwrap();
    assert_left_alone(&place.path(), "is no SQLite database").await;
}

#[tokio::test]
async fn a_database_of_something_else_is_left_alone() {
    let place = Place::new().await;
    place.sqlite3("CREATE TABLE entries (key TEXT); INSERT INTO entries VALUES ('theirs')");
    assert_left_alone(&place.path(), "something else").await;
}

#[tokio::test]
async fn a_newer_store_is_left_alone() {
    let place = Place::new().await;
    write(place.store(), vec![increment("{n}", 3)]).await;
    let identity = place.sqlite3("SELECT identity FROM store");
    let folder = place.close().await;
    let path = folder.path().join("events.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO _sqlx_migrations SELECT 99, description, installed_on, success, checksum, execution_time \
         FROM _sqlx_migrations",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    assert_left_alone(&path, "newer version").await;
    assert!(!identity.is_empty());
}

#[tokio::test]
async fn a_damaged_file_is_an_answer() {
    let place = Place::new().await;
    let many = (0..2_000).map(|n| increment(&format!("{{{n}}}_total"), 1));
    write(place.store(), many.collect()).await;
    let folder = place.close().await;
    let path = folder.path().join("events.db");
    let mut bytes = fs::read(&path).unwrap();
    // All but the first page, which says that it is a database of ours.
    bytes[4_096..].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    for failure in failures(&path).await {
        assert_eq!(failure.reason, Reason::SourceUnavailable);
        assert!(failure.message.contains("is damaged"), "{failure}");
    }
    assert!(fs::read(&path).unwrap().len() >= bytes.len());
}

#[tokio::test]
async fn a_place_where_no_file_can_be_says_what_to_do() {
    let place = Place::new().await;
    let missing = place.folder.path().join("none/events.db");
    let store = EmbeddedStore::new(EmbeddedOptions::new(missing));
    let failure = store.write(&Batch::new(vec![increment("{n}", 1)])).await.unwrap_err();
    assert!(failure.message.contains("create the folder"), "{failure}");
    assert_eq!(value(&store, "{n}").await, Ok(None));
    for failure in failures(place.folder.path()).await {
        assert_eq!(failure.reason, Reason::SourceUnavailable);
        assert!(failure.message.contains("cannot be opened"), "{failure}");
    }
}

#[tokio::test]
async fn a_full_file_refuses_and_keeps_what_it_has() {
    let place = Place::with(|options| EmbeddedOptions {
        largest: Some(400_000),
        ..options
    });
    let store = place.store();
    write(store, vec![increment("{n}", 1)]).await;
    let mut kept = 0;
    let failure = loop {
        let batch = Batch::new(vec![add(&format!("{{{kept}}}"), 0..2_000), increment("{n}", 1)]);
        match store.write(&batch).await {
            Ok(_) => kept += 1,
            Err(failure) => break failure,
        }
        assert!(kept < 100, "the file grew beyond its largest size");
    };
    assert_eq!(failure.reason, Reason::SourceUnavailable);
    assert!(failure.message.contains("make room"), "{failure}");
    assert_eq!(text(store, "{n}").await, (kept + 1).to_string());
    assert_eq!(entries(store).await.len(), kept + 1);
    let again = store
        .write(&Batch::new(vec![add("{more}", 0..2_000)]))
        .await
        .unwrap_err();
    assert_eq!(again, failure, "the next batch meets the same, and no half of this one");
    write(&place.another(), vec![increment("{n}", 1)]).await;
    assert_eq!(text(store, "{n}").await, (kept + 2).to_string());
}

#[tokio::test]
async fn a_writer_that_keeps_its_lock_is_not_waited_for_for_ever() {
    let place = Place::with(|options| EmbeddedOptions {
        timeout: Duration::from_millis(20),
        ..options
    });
    let store = place.store();
    write(store, vec![increment("{n}", 1)]).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path());
    let mut other = options.connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let batch = Batch::new(vec![increment("{n}", 1)]);
    let failure = store.write(&batch).await.unwrap_err();
    assert_eq!(failure.reason, Reason::LockTimeout, "{failure}");
    assert_eq!(text(store, "{n}").await, "1", "readers do not wait");
    lock.rollback().await.unwrap();
    store.write(&batch).await.unwrap();
    assert_eq!(text(store, "{n}").await, "2");
}
