//! The spool by itself: what is found again after any end, and what is refused.

use std::path::Path;
use std::sync::Arc;

use service_ping::emit::snowplow::spool::{Fsync, Look, Spool, SpoolOptions};
use service_ping::emit::snowplow::{BatchLimit, EventKind, QueuedEvent, Storage, StorageError};
use uuid::Uuid;

const ALL: BatchLimit = BatchLimit {
    events: usize::MAX,
    bytes: usize::MAX,
};

fn event(number: u128) -> QueuedEvent {
    QueuedEvent {
        id: Uuid::from_u128(number),
        kind: EventKind::Billing,
        accepted_at: 1_795_046_400_000 + number as u64,
        body: format!(
            "{{\"eid\":\"{number}\",\"pad\":\"{}\"}}",
            "x".repeat(number as usize % 50)
        )
        .into_bytes(),
    }
}

fn custom(number: u128) -> QueuedEvent {
    QueuedEvent {
        kind: EventKind::Custom,
        ..event(number)
    }
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder, options()).expect("a spool")
}

fn options() -> SpoolOptions {
    SpoolOptions {
        fsync: Fsync::Never,
        ..SpoolOptions::default()
    }
}

fn waiting(spool: &Spool) -> Vec<QueuedEvent> {
    let batch = spool.peek(ALL).expect("it can be read");
    spool.release();
    batch.iter().map(|event| event.as_ref().clone()).collect()
}

fn numbers(spool: &Spool) -> Vec<u128> {
    waiting(spool).iter().map(|event| event.id.as_u128()).collect()
}

/// The segments of a folder, oldest first.
fn segments(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").path());
    let mut segments: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .collect();
    segments.sort();
    segments
}

#[test]
fn what_was_added_is_found_again_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    for policy in [Fsync::Always, Fsync::Interval(std::time::Duration::ZERO), Fsync::Never] {
        let options = SpoolOptions {
            fsync: policy,
            ..SpoolOptions::default()
        };
        let spool = Spool::open(folder.path(), options).expect("a spool");
        let before = waiting(&spool).len() as u128;
        spool
            .add((before..before + 10).map(event).collect())
            .expect("there is room");
        spool.tend();
    }
    let spool = open(folder.path());
    assert_eq!(spool.recovered(), 30);
    assert_eq!(waiting(&spool), (0..30).map(event).collect::<Vec<_>>());
}

#[test]
fn what_has_left_does_not_come_again() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..20u128 {
        let spool = open(folder.path());
        assert_eq!(numbers(&spool), (round * 3..round * 10).collect::<Vec<_>>());
        spool
            .add((round * 10..round * 10 + 10).map(event).collect())
            .expect("there is room");
        spool.peek(ALL).expect("it can be read");
        spool.settle(3).expect("it can be noted");
    }
}

#[test]
fn segments_follow_each_other_and_go_once_nothing_waits_in_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let small = SpoolOptions {
        segment_bytes: 500,
        ..options()
    };
    let spool = Spool::open(folder.path(), small).expect("a spool");
    for number in 0..100 {
        spool.add(vec![event(number)]).expect("there is room");
    }
    assert!(segments(folder.path()).len() > 10);
    let mut left = 0;
    while left < 100 {
        let limit = BatchLimit {
            events: 7,
            bytes: usize::MAX,
        };
        let batch = spool.peek(limit).expect("it can be read");
        let ids: Vec<_> = batch.iter().map(|event| event.id.as_u128()).collect();
        assert_eq!(ids, (left..(left + 7).min(100)).collect::<Vec<_>>());
        left += ids.len() as u128;
        spool.settle(ids.len()).expect("it can be noted");
    }
    assert_eq!(segments(folder.path()).len(), 1, "the one that is written to");
    assert_eq!(spool.sizes().depth, 0);
}

#[test]
fn a_segment_that_was_cut_anywhere_gives_every_whole_event() {
    let folder = tempfile::tempdir().expect("a folder");
    open(folder.path())
        .add((0..4).map(event).collect())
        .expect("there is room");
    let segment = segments(folder.path()).remove(0);
    let whole = std::fs::read(&segment).expect("the segment");
    let ends: Vec<usize> = (1..=4)
        .map(|events| (0..events).map(|number| 9 + 24 + event(number).body.len()).sum())
        .collect();
    for cut in 0..=whole.len() {
        std::fs::write(&segment, &whole[..cut]).expect("writable");
        let spool = open(folder.path());
        let expected = ends.iter().filter(|end| **end <= cut).count() as u128;
        assert_eq!(numbers(&spool), (0..expected).collect::<Vec<_>>(), "cut at {cut}");
        assert_eq!(spool.sizes().corrupt, 0, "what is torn off was never accepted");
        // What is added after it is found as well.
        spool.add(vec![event(9)]).expect("there is room");
        drop(spool);
        assert_eq!(numbers(&open(folder.path())).last(), Some(&9));
        segments(folder.path())
            .iter()
            .for_each(|path| std::fs::remove_file(path).unwrap());
    }
}

#[test]
fn a_spoilt_record_costs_itself_alone_and_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    open(folder.path())
        .add((0..5).map(event).collect())
        .expect("there is room");
    let segment = segments(folder.path()).remove(0);
    let whole = std::fs::read(&segment).expect("the segment");
    let begin = |number: u128| {
        (0..number)
            .map(|number| 9 + 24 + event(number).body.len())
            .sum::<usize>()
    };
    for at in begin(2)..begin(3) {
        for bit in [0, 7] {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1 << bit;
            std::fs::write(&segment, spoilt).expect("writable");
            let spool = open(folder.path());
            assert_eq!(numbers(&spool), [0, 1, 3, 4], "byte {at}, bit {bit}");
            assert_eq!((spool.sizes().corrupt, spool.sizes().depth), (1, 4));
        }
    }
}

#[test]
fn a_record_that_is_spoilt_while_the_spool_is_open_is_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(folder.path());
    spool.add((0..5).map(event).collect()).expect("there is room");
    let segment = segments(folder.path()).remove(0);
    let mut bytes = std::fs::read(&segment).expect("the segment");
    let at = 9 + 24 + event(0).body.len() + 20;
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).expect("writable");
    assert_eq!(numbers(&spool), [0, 2, 3, 4]);
    let sizes = spool.sizes();
    assert_eq!((sizes.depth, sizes.corrupt), (4, 1));
    spool.peek(ALL).expect("it can be read");
    spool.settle(4).expect("it can be noted");
    assert_eq!(spool.sizes().depth, 0);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_can_be_opened(
        log in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        left in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
        cut in 0usize..200,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        open(folder.path()).add((0..3).map(event).collect()).expect("there is room");
        let segment = segments(folder.path()).remove(0);
        let mut bytes = std::fs::read(&segment).expect("the segment");
        let cut = cut.min(bytes.len());
        bytes.splice(cut..cut, log);
        std::fs::write(&segment, bytes).expect("writable");
        std::fs::write(folder.path().join("left"), left).expect("writable");
        let spool = open(folder.path());
        let found = waiting(&spool);
        proptest::prop_assert_eq!(spool.sizes().depth, found.len() as u64);
        proptest::prop_assert!(found.iter().all(|found| (0..3).any(|number| *found == event(number))));
        // Only the event that was cut in two may be missing.
        proptest::prop_assert!(found.len() >= 2);
    }
}

#[test]
fn a_second_process_is_told_who_holds_the_spool() {
    let folder = tempfile::tempdir().expect("a folder");
    let holder = open(folder.path());
    let Err(StorageError::InUse { holder: named, .. }) = Spool::open(folder.path(), options()) else {
        panic!("it was opened twice");
    };
    assert_eq!(named, format!("process {}", std::process::id()));
    assert_eq!(Look::at(folder.path()).expect("it can be read").in_use_by, Some(named));
    drop(holder);
    assert_eq!(Look::at(folder.path()).expect("it can be read").in_use_by, None);
    open(folder.path());
}

#[test]
fn without_room_billing_is_refused_and_custom_events_give_way_to_custom_events() {
    let folder = tempfile::tempdir().expect("a folder");
    let small = SpoolOptions {
        max_bytes: 4000,
        segment_bytes: 400,
        ..options()
    };
    let spool = Spool::open(folder.path(), small.clone()).expect("a spool");
    let mut accepted = 0;
    let full = loop {
        match spool.add(vec![event(accepted)]) {
            Ok(added) => assert_eq!(added.overflowed, 0),
            Err(error) => break error,
        }
        accepted += 1;
    };
    assert!(matches!(full, StorageError::Full { max_bytes: 4000, .. }), "{full}");
    // A custom event pushes no billing event out.
    assert!(matches!(spool.add(vec![custom(500)]), Err(StorageError::Full { .. })));
    assert_eq!(numbers(&spool), (0..accepted).collect::<Vec<_>>());
    drop(spool);
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::open(folder.path(), small).expect("a spool");
    let mut overflowed = 0;
    for number in 0..200 {
        overflowed += spool.add(vec![custom(number)]).expect("older ones give way").overflowed;
        assert!(spool.sizes().disk_bytes <= 4000);
    }
    assert!(overflowed > 0);
    assert_eq!(numbers(&spool), (u128::from(overflowed)..200).collect::<Vec<_>>());
    // What is being sent does not give way.
    spool.peek(ALL).expect("it can be read");
    while spool.add(vec![custom(300)]).is_ok() {}
    spool.settle(5).expect("it can be noted");
    spool.release();
    spool.add(vec![custom(301)]).expect("older ones give way again");
}

#[test]
fn many_threads_add_and_each_is_told_the_truth() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Arc::new(Spool::open(folder.path(), SpoolOptions::default()).expect("a spool"));
    let threads: Vec<_> = (0..8u128)
        .map(|thread| {
            let spool = Arc::clone(&spool);
            std::thread::spawn(move || {
                for number in 0..50 {
                    spool.add(vec![event(thread * 1000 + number)]).expect("there is room");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
    drop(spool);
    let found = numbers(&open(folder.path()));
    assert_eq!(found.len(), 400);
    for thread in 0..8u128 {
        let of_one: Vec<_> = found
            .iter()
            .filter(|number| **number / 1000 == thread)
            .copied()
            .collect();
        assert_eq!(of_one, (0..50).map(|number| thread * 1000 + number).collect::<Vec<_>>());
    }
}
