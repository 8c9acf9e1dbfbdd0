//! Where tokens come from, and where they never go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use service_ping::emit::snowplow::token::{
    Cached, ClientCredentials, FileToken, GcpIam, GcpIdentity, OidcOptions, StaticToken, Token, TokenError, TokenSource,
};
use service_ping::emit::snowplow::{Boxed, Destination, DestinationError, Emitter, StartError};

use crate::front::{Answer, Front, Request};
use crate::support::wait::PATIENCE;
use crate::tracking::{quick, ring, tracker_to, usage};

const AUDIENCE: &str = "https://billing.example.com";

/// Counts what it is asked for.
#[derive(Debug)]
struct Counting {
    fetched: Arc<AtomicUsize>,
    life: Option<Duration>,
    fails_after: usize,
}

impl TokenSource for Counting {
    fn token<'a>(&'a self, _audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
        Box::pin(async {
            // Others get a chance to come in between.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let nth = self.fetched.fetch_add(1, Ordering::SeqCst) + 1;
            match nth > self.fails_after {
                true => Err(TokenError::Unreachable { from: "a test" }),
                false => Ok(Token::new(format!("token {nth}"), self.life)),
            }
        })
    }
}

fn counting(life: Option<Duration>, fails_after: usize) -> (Arc<Cached<Counting>>, Arc<AtomicUsize>) {
    let fetched = Arc::new(AtomicUsize::new(0));
    let source = Counting {
        fetched: Arc::clone(&fetched),
        life,
        fails_after,
    };
    (Arc::new(Cached::new(source)), fetched)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A token that says how long it is good for.
fn jwt(seconds: u64) -> String {
    let ends = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
        + seconds;
    // {"alg":"none"}, the claims, nothing.
    let claims = format!("{{\"exp\":{ends}}}");
    let mut encoded = String::new();
    for chunk in claims.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for nth in 0..=chunk.len() {
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            encoded.push(letters[(bits >> (18 - 6 * nth) & 63) as usize] as char);
        }
    }
    format!("eyJhbGciOiJub25lIn0.{encoded}.x")
}

#[test]
fn many_callers_are_one_fetch() {
    let (cached, fetched) = counting(Some(Duration::from_secs(3600)), usize::MAX);
    runtime().block_on(async {
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let cached = Arc::clone(&cached);
                tokio::spawn(async move {
                    cached
                        .token(AUDIENCE, false)
                        .await
                        .expect("a token")
                        .expose()
                        .to_owned()
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.expect("a task"), "token 1");
        }
        // All were refused the same token: one fetches another.
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let cached = Arc::clone(&cached);
                tokio::spawn(async move { cached.token(AUDIENCE, true).await.expect("a token").expose().to_owned() })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.expect("a task"), "token 2");
        }
    });
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
}

#[test]
fn a_token_is_renewed_ahead_of_its_end_and_used_to_its_end() {
    runtime().block_on(async {
        // At its end from the start: each call fetches.
        let (cached, fetched) = counting(Some(Duration::ZERO), usize::MAX);
        for _ in 0..3 {
            cached.token(AUDIENCE, false).await.expect("a token");
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 3);
        // Half of a short life is over, nobody gives another, and the old one is still good.
        let (cached, fetched) = counting(Some(Duration::from_millis(60_000)), 1);
        for _ in 0..3 {
            assert_eq!(
                cached.token(AUDIENCE, false).await.expect("a token").expose(),
                "token 1"
            );
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
        assert!(
            cached.token(AUDIENCE, true).await.is_err(),
            "it was refused, and there is no other"
        );
        assert!(cached.token("https://other.example.com", false).await.is_err());
    });
}

#[test]
fn a_file_is_read_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let source = FileToken::new(&file);
    runtime().block_on(async {
        assert!(matches!(source.token(AUDIENCE, false).await, Err(TokenError::File(_))));
        for text in ["first", "second\n"] {
            std::fs::write(&file, text).expect("writable");
            assert_eq!(
                source.token(AUDIENCE, false).await.expect("a token").expose(),
                text.trim()
            );
        }
        std::fs::write(&file, "\n").expect("writable");
        assert!(source.token(AUDIENCE, false).await.is_err());
    });
}

#[test]
fn client_credentials_are_asked_for_as_oauth_has_it() {
    let provider = Front::playing(vec![
        Answer::Body(r#"{"access_token":"access","expires_in":60}"#.to_owned()),
        Answer::Body(r#"{"access_token":"access","id_token":"identity"}"#.to_owned()),
        Answer::Body(r#"{"nothing":1}"#.to_owned()),
        Answer::Status(401),
    ]);
    let options = OidcOptions {
        token_url: format!("{}/oauth/token", provider.url),
        client_id: "runner & co".to_owned(),
        client_secret: "s3cret+".to_owned(),
        scope: None,
    };
    assert!(!format!("{options:?}").contains("s3cret"));
    let source = ClientCredentials::new(options.clone()).expect("this machine");
    runtime().block_on(async {
        assert_eq!(source.token(AUDIENCE, false).await.expect("a token").expose(), "access");
        assert_eq!(
            source.token(AUDIENCE, false).await.expect("a token").expose(),
            "identity"
        );
        assert!(matches!(
            source.token(AUDIENCE, false).await,
            Err(TokenError::NoToken { .. })
        ));
        let refused = source.token(AUDIENCE, false).await;
        assert!(matches!(refused, Err(TokenError::Refused { status: 401, .. })));
    });
    let request = &provider.requests()[0];
    assert!(request.line.starts_with("POST /oauth/token "));
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        String::from_utf8_lossy(&request.body),
        "grant_type=client_credentials&client_id=runner+%26+co&client_secret=s3cret%2B&audience=https%3A%2F%2Fbilling.\
         example.com"
    );
    let plain = ClientCredentials::new(OidcOptions {
        token_url: "http://id.example.com/token".to_owned(),
        ..options
    });
    assert!(
        matches!(plain, Err(TokenError::Address { .. })),
        "a secret goes over no plain http"
    );
}

/// The metadata server and the IAM service in one.
fn google(identity: String) -> (Front, String) {
    let front = Front::start(move |request: &Request| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        let account = "/computeMetadata/v1/instance/service-accounts/default/";
        match path.strip_prefix(account) {
            Some("email") => Answer::Body("runner@project.iam\n".to_owned()),
            Some("token") => Answer::Body(r#"{"access_token":"of the account","expires_in":3599}"#.to_owned()),
            Some(rest) if rest.starts_with("identity?") => Answer::Body(identity.clone()),
            _ if path == "/v1/projects/-/serviceAccounts/runner@project.iam:generateIdToken" => {
                Answer::Body(format!("{{\"token\":\"{identity}\"}}"))
            }
            _ => Answer::Status(404),
        }
    });
    let host = front.url.trim_start_matches("http://").to_owned();
    (front, host)
}

#[test]
fn googles_machines_give_an_identity() {
    let token = jwt(3600);
    let (front, host) = google(token.clone());
    let source = Cached::new(GcpIdentity::new(Some(&host)).expect("a host"));
    runtime().block_on(async {
        for _ in 0..2 {
            assert_eq!(source.token(AUDIENCE, false).await.expect("a token").expose(), token);
        }
    });
    let requests = front.requests();
    assert_eq!(requests.len(), 1, "it is kept for as long as it says");
    assert_eq!(requests[0].headers["metadata-flavor"], "Google");
    assert!(
        requests[0]
            .line
            .contains("audience=https%3A%2F%2Fbilling.example.com&format=full")
    );
}

#[test]
fn googles_iam_signs_an_identity_with_the_account_in_it() {
    let token = jwt(3600);
    let (front, host) = google(token.clone());
    let source = GcpIam::new(Some(&host), Some(&front.url)).expect("this machine");
    runtime().block_on(async {
        assert_eq!(source.token(AUDIENCE, false).await.expect("a token").expose(), token);
    });
    let asked = front.requests().pop().expect("a request");
    assert_eq!(asked.headers["authorization"], "Bearer of the account");
    let wanted: serde_json::Value = serde_json::from_slice(&asked.body).expect("JSON");
    let expected = serde_json::json!({"audience": AUDIENCE, "includeEmail": true, "organizationNumberIncluded": true});
    assert_eq!(wanted, expected);
    assert!(GcpIam::new(Some(&host), Some("http://iam.example.com")).is_err());
}

#[test]
fn a_token_goes_to_no_other_machine_over_plain_http() {
    let destination = |allow_insecure_token| Destination {
        token: Some(Arc::new(StaticToken(Token::new("s3cret", None)))),
        allow_insecure_token,
        ..Destination::at("http://collector.example.com")
    };
    let started = Emitter::start(destination(false), ring(), quick(), None);
    assert!(matches!(
        started,
        Err(StartError::Destination(DestinationError::InsecureToken))
    ));
    Emitter::start(destination(true), ring(), quick(), None).expect("it was allowed");
    assert!(!format!("{:?}", Token::new("s3cret", None)).contains("s3cret"));
}

#[test]
fn the_audience_is_the_collector_where_nobody_says_another() {
    /// Keeps whom it was asked for.
    #[derive(Debug)]
    struct Asked(Arc<Mutex<Vec<String>>>);
    impl TokenSource for Asked {
        fn token<'a>(&'a self, audience: &'a str, _anew: bool) -> Boxed<'a, Result<Token, TokenError>> {
            self.0.lock().unwrap().push(audience.to_owned());
            Box::pin(async { Ok(Token::new("t", None)) })
        }
    }
    let front = Front::open();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    for audience in [None, Some(AUDIENCE.to_owned())] {
        let destination = Destination {
            token: Some(Arc::new(Asked(Arc::clone(&asked)))),
            audience,
            ..Destination::at(format!("{}/com.acme/tp2", front.url))
        };
        let tracker = tracker_to(destination, ring(), quick(), None);
        tracker.track_billing_event(&usage()).expect("there is room");
        assert!(tracker.flush_wait(PATIENCE));
    }
    assert_eq!(*asked.lock().unwrap(), [front.url.clone(), AUDIENCE.to_owned()]);
    assert!(
        front
            .requests()
            .iter()
            .all(|request| request.line.starts_with("POST /com.acme/tp2 "))
    );
}

#[test]
fn without_a_token_nothing_is_sent_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let front = Front::open();
    let destination = Destination {
        token: Some(Arc::new(FileToken::new(&file))),
        ..Destination::at(&front.url)
    };
    let spool = crate::tracking::spool(&folder.path().join("spool"));
    let tracker = tracker_to(destination, spool, quick(), None);
    tracker.track_billing_event(&usage()).expect("there is room");
    let cause = service_ping::emit::snowplow::RetryCause::Auth;
    crate::support::wait::wait_until("an attempt", || tracker.metrics().retries_of(cause) > 0);
    assert_eq!(front.requests().len(), 0);
    std::fs::write(&file, "now").expect("writable");
    assert!(tracker.flush_wait(PATIENCE));
    assert_eq!(front.taken().len(), 1);
}
