//! `token`: made once, shown once, kept as a digest.

use sha2::{Digest, Sha256};

use crate::place::Place;

#[test]
fn a_token_is_kept_as_its_digest_alone() {
    let place = Place::new("");
    let token = place.token(&[
        "app",
        "--scope",
        "track",
        "--scope",
        "read_service_ping",
        "--user",
        "42",
    ]);
    assert!(token.starts_with("spt-") && token.len() == 68, "{token}");
    let digest: String = Sha256::digest(&token)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let file = std::fs::read(place.cli.folder().join("service-ping.db")).expect("the store");
    let wal = std::fs::read(place.cli.folder().join("service-ping.db-wal")).unwrap_or_default();
    let holds = |text: &str| {
        [&file, &wal]
            .iter()
            .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    assert!(holds(&digest) && !holds(&token));
    let listed = place.cli.run(&["token", "list"]).expect_code(0).stdout;
    assert!(
        listed.contains("app") && listed.contains("track read_service_ping, user 42"),
        "{listed}"
    );
    assert!(!listed.contains(&token) && !listed.contains(&digest), "{listed}");
}

#[test]
fn names_are_taken_until_they_are_revoked() {
    let place = Place::new("");
    place.token(&["app", "--scope", "track"]);
    let again = place
        .cli
        .run(&["token", "add", "app", "--scope", "track"])
        .expect_code(2);
    assert!(again.stderr.contains("revoke it first"), "{}", again.stderr);
    place.cli.run(&["token", "revoke", "app"]).expect_code(0);
    place.cli.run(&["token", "revoke", "app"]).expect_code(2);
    place.token(&["app", "--scope", "track"]);
    let listed = place
        .cli
        .run(&["token", "list", "--format", "json"])
        .expect_code(0)
        .stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let standing: Vec<_> = listed["tokens"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["standing"])
        .collect();
    assert_eq!(standing, ["revoked", "good"]);
}

#[test]
fn a_token_ends_at_its_time() {
    let place = Place::new("");
    let over = place.token(&["over", "--scope", "admin", "--expires", "2026-01-01T00:00:00Z"]);
    let good = place.token(&["good", "--scope", "admin", "--expires", "8000-01-01T00:00:00Z"]);
    let serving = place.serve();
    serving.get("/usage_data/service_ping").token(&over).send().expect(401);
    serving.get("/usage_data/service_ping").token(&good).send().expect(200);
    serving.stop();
}

#[test]
fn wrong_scopes_and_names_are_said() {
    let place = Place::new("");
    let scope = place
        .cli
        .run(&["token", "add", "app", "--scope", "everything"])
        .expect_code(2);
    assert!(
        scope.stderr.contains("a scope is track, read_service_ping or admin"),
        "{}",
        scope.stderr
    );
    place.cli.run(&["token", "add", "app"]).expect_code(2);
    place
        .cli
        .run(&["token", "add", "two words", "--scope", "track"])
        .expect_code(2);
    place
        .cli
        .run(&["token", "add", "app", "--scope", "track", "--user", ""])
        .expect_code(2);
}
