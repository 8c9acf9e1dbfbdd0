//! The file of a sealed network: whatever is done to it is seen.

use chrono::Utc;
use service_ping::state::{NewReport, NewRun, StateStore};
use service_ping::versions::bundle::{Bundle, BundleError, InstanceKey, PublicKey};
use uuid::Uuid;

async fn bundle() -> (String, PublicKey) {
    let store = StateStore::open("sqlite::memory:").await.unwrap();
    let run = NewRun {
        id: Uuid::now_v7(),
        recorded_at: Utc::now(),
        started_at: Utc::now(),
        definitions_digest: "digest".to_owned(),
        trigger: "cli".to_owned(),
    };
    store.begin_run(&run).await.unwrap();
    let new = NewReport {
        run_id: run.id,
        recorded_at: run.recorded_at,
        payload_json: "{\"uuid\":\"é\u{1f980}\\u0041\", \"n\" : 1e2}".to_owned(),
        metadata_json: Some("{\"metadata\":{}}".to_owned()),
    };
    let report = store.enqueue(&new).await.unwrap();
    let stored = store.stored_report(report.id).await.unwrap().unwrap();
    let key = InstanceKey::of(&store).await.unwrap();
    let bundle = Bundle::new(stored, "an instance".to_owned(), &key);
    assert_eq!(bundle.payload, new.payload_json);
    (bundle.to_text().unwrap(), key.public())
}

#[tokio::test]
async fn a_file_is_read_as_it_was_written() {
    let (text, key) = bundle().await;
    let read = Bundle::read(&text, &[key]).unwrap();
    assert_eq!(read.to_text().unwrap(), text);
    assert_eq!(Bundle::read(&text, &[]).unwrap(), read);
    assert_eq!(read.public_key(), key.to_string());
}

#[tokio::test]
async fn a_byte_that_was_altered_anywhere_is_seen() {
    let (text, key) = bundle().await;
    for position in 0..text.len() {
        let byte = text.as_bytes()[position];
        // White space for white space; else a flipped bit, and another letter's case.
        let others: &[u8] = match byte {
            b' ' | b'\n' => b" \n\t",
            byte => &[byte ^ 1, byte ^ 0x20],
        };
        for altered in others.iter().copied().filter(|other| *other != byte) {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = altered;
            let Ok(altered) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(Bundle::read(&altered, &[key]).is_err(), "{position}: {altered}");
        }
    }
}

#[tokio::test]
async fn a_byte_that_was_added_or_taken_away_is_seen() {
    let (text, key) = bundle().await;
    for position in 0..text.len() {
        let Some((before, after)) = text.split_at_checked(position) else {
            continue;
        };
        assert!(Bundle::read(before, &[key]).is_err(), "cut at {position}");
        assert!(
            Bundle::read(&format!("{before} {after}"), &[key]).is_err(),
            "added at {position}"
        );
        let shorter: String = before.chars().chain(after.chars().skip(1)).collect();
        assert!(Bundle::read(&shorter, &[key]).is_err(), "taken at {position}");
    }
    assert_eq!(Bundle::read(&text[..text.len() / 2], &[]), Err(BundleError::Truncated));
}

#[tokio::test]
async fn the_fields_of_two_bundles_do_not_make_a_third() {
    let ((one, key), (other, _)) = (bundle().await, bundle().await);
    let (one, other) = (json(&one), json(&other));
    for field in one
        .as_object()
        .unwrap()
        .keys()
        .filter(|field| one[*field] != other[*field])
    {
        let mut mixed = one.clone();
        mixed[field] = other[field].clone();
        let text = format!("{mixed:#}\n");
        assert!(Bundle::read(&text, &[key]).is_err(), "{field}");
    }
    let whole = format!("{other:#}\n");
    assert!(matches!(Bundle::read(&whole, &[key]), Err(BundleError::OtherKey(_))));
}

#[tokio::test]
async fn the_secret_is_made_once_and_never_shown() {
    let store = StateStore::open("sqlite::memory:").await.unwrap();
    let secret = store.signing_secret().await.unwrap();
    assert_eq!(store.signing_secret().await.unwrap(), secret);
    let other = StateStore::open("sqlite::memory:").await.unwrap();
    assert_ne!(other.signing_secret().await.unwrap(), secret);
    let digits: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = InstanceKey::from_secret(&secret);
    assert!(!format!("{key:?} {:?} {}", key.public(), key.public()).contains(&digits));
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}
