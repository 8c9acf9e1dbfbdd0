//! What the operator accepted.

use service_ping::state::{AcceptedDefinition, Answerer};

use crate::place::{Place, at};

on_both_stores! {
    keeps_what_was_accepted_last,
    keeps_every_answer,
}

fn accepted(key_path: &str, digest: &str) -> AcceptedDefinition {
    AcceptedDefinition {
        key_path: key_path.to_owned(),
        digest: digest.to_owned(),
        terms: format!(r#"{{"digest": "{digest}"}}"#),
    }
}

fn by(name: &str, instant: &str) -> Answerer {
    Answerer {
        at: at(instant),
        by: name.to_owned(),
    }
}

async fn keeps_what_was_accepted_last(place: Place) {
    let store = place.open().await;
    let many: Vec<AcceptedDefinition> = (0..1200)
        .map(|number| accepted(&format!("counts.m{number:04}"), "1"))
        .collect();
    store
        .accept(&many, "all", &by("Ada", "2026-11-01T00:00:00Z"))
        .await
        .unwrap();
    let later = by("Grace", "2026-11-02T00:00:00Z");
    store
        .accept(&[accepted("counts.m0001", "2")], "all", &later)
        .await
        .unwrap();
    let kept = place.open().await.acceptances().await.unwrap();
    assert_eq!(kept.len(), 1200);
    assert!(kept.is_sorted_by_key(|acceptance| acceptance.key_path.clone()));
    assert_eq!((kept[1].digest.as_str(), kept[1].accepted_by.as_str()), ("2", "Grace"));
    assert_eq!((kept[1].accepted_at, kept[2].accepted_by.as_str()), (later.at, "Ada"));
    assert_eq!(kept[1].terms, r#"{"digest": "2"}"#);
}

async fn keeps_every_answer(place: Place) {
    let store = place.open().await;
    let first = by("Ada", "2026-11-01T00:00:00Z");
    store
        .accept(&[accepted("a", "1"), accepted("b", "1")], "set", &first)
        .await
        .unwrap();
    store
        .revoke(&["a".to_owned()], &by("Grace\0", "2026-11-03T00:00:00Z"))
        .await
        .unwrap();
    let kept: Vec<String> = store
        .acceptances()
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.key_path)
        .collect();
    assert_eq!(kept, ["b"]);
    let answers = store.consent_answers(9).await.unwrap();
    let answers: Vec<_> = answers
        .iter()
        .map(|one| (one.answer.as_str(), one.metrics, one.set_digest.as_deref()))
        .collect();
    assert_eq!(answers, [("revoked", 1, None), ("accepted", 2, Some("set"))]);
}
