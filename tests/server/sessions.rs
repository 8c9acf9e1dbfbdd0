//! Sessions of browsers, their CSRF tokens, and users whom a trusted proxy vouches for.

use chrono::{TimeDelta, Utc};
use serde_json::json;
use service_ping::access::ProxyUser;

use crate::client::Answer;
use crate::place::{Place, Serving};

const TRACK: &str = "/usage_data/increment_unique_users";
const SECRET: &str = "a secret of the proxy";

fn event() -> serde_json::Value {
    json!({"event": "users_opening_boards"})
}

fn sign_in(serving: &Serving, token: &str) -> Answer {
    serving.post("/session").form(&format!("token={token}")).send()
}

/// The cookie as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().expect("a cookie").to_owned()
}

fn csrf(serving: &Serving, cookie: &str) -> String {
    let page = serving.get("/").header("Cookie", cookie).send().expect(200).text();
    let (_, rest) = page
        .split_once("name=\"csrf-token\" content=\"")
        .expect("a token in the page");
    rest.split('"').next().expect("its end").to_owned()
}

#[test]
fn a_session_tracks_with_its_csrf_token_and_not_without() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["browser", "--scope", "track", "--user", "42"]);
    let answer = sign_in(&serving, &token).expect(303);
    let raw = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(raw.contains(part), "{raw}");
    }
    assert!(!raw.contains("Secure") && !raw.contains(&token), "{raw}");
    let session = cookie(&answer);
    let csrf = csrf(&serving, &session);
    let asking = serving.post(TRACK).header("Cookie", &session).json(&event());
    assert_eq!(asking.send().expect(403).error(), "Invalid CSRF token is provided");
    asking.clone().header("X-CSRF-Token", "wrong").send().expect(403);
    // The token of another session of the same person.
    let other = cookie(&sign_in(&serving, &token));
    let foreign = self::csrf(&serving, &other);
    asking.clone().header("X-CSRF-Token", &foreign).send().expect(403);
    asking.clone().header("X-CSRF-Token", &csrf).send().expect(200);
    let among = format!("a=1; {session}; b=2");
    let asking = serving.post(TRACK).header("Cookie", &among).json(&event());
    asking.header("X-CSRF-Token", &csrf).send().expect(200);
    serving.stop();
    assert_eq!(place.unique("users_opening_boards"), json!(1));
}

#[test]
fn a_session_ends_with_its_token_and_a_forged_one_never_begins() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["browser", "--scope", "track", "--user", "42"]);
    let session = cookie(&sign_in(&serving, &token).expect(303));
    let csrf = csrf(&serving, &session);
    let track = |cookie: &str| {
        let asking = serving
            .post(TRACK)
            .header("Cookie", cookie)
            .header("X-CSRF-Token", &csrf);
        asking.json(&event()).send()
    };
    track(&session).expect(200);
    let forged = session.replace(&session[session.len() - 4..], "0000");
    track(&forged).expect(401);
    track("service_ping_session=x").expect(401);
    place.cli.run(&["token", "revoke", "browser"]).expect_code(0);
    crate::support::wait::wait_until("the token is forgotten", || track(&session).status == 401);
    let wrong = sign_in(&serving, &token).expect(401);
    assert!(wrong.header("set-cookie").is_empty());
    assert!(wrong.text().contains("was revoked"), "{}", wrong.text());
    serving.stop();
}

#[test]
fn signing_in_and_out_needs_a_page_of_ours() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["browser", "--scope", "track", "--user", "42"]);
    let form = format!("token={token}");
    let foreign = serving
        .post("/session")
        .header("Sec-Fetch-Site", "cross-site")
        .form(&form);
    foreign.send().expect(403);
    let own = serving
        .post("/session")
        .header("Sec-Fetch-Site", "same-origin")
        .form(&form);
    let session = cookie(&own.send().expect(303));
    let end = serving.post("/session/end").header("Cookie", &session);
    end.clone().form("csrf_token=wrong").send().expect(403);
    let csrf = csrf(&serving, &session);
    let ended = end.form(&format!("csrf_token={csrf}")).send().expect(303);
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    serving.stop();
}

#[test]
fn nobody_is_sent_elsewhere_after_signing_in() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["browser", "--scope", "admin"]);
    let place_of = |next: &str| {
        let form = format!("token={token}&next={next}");
        let answer = serving.post("/session").form(&form).send().expect(303);
        answer.header("location").to_owned()
    };
    assert_eq!(place_of("/payload%3Ffresh%3D1"), "/payload?fresh=1");
    for elsewhere in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%0D%0Aa",
        "",
    ] {
        assert_eq!(place_of(elsewhere), "/", "{elsewhere}");
    }
    serving.stop();
}

#[test]
fn over_https_a_session_is_sent_over_nothing_else() {
    let place = Place::new("[server]\nhttps = true");
    let serving = place.serve();
    let token = place.token(&["browser", "--scope", "track"]);
    assert!(sign_in(&serving, &token).header("set-cookie").contains("; Secure"));
    serving.stop();
}

#[test]
fn a_trusted_proxy_vouches_for_its_user_for_one_request() {
    let place = Place::new(&format!("[server]\nproxy_secret = \"{SECRET}\""));
    let serving = place.serve();
    let header = |path: &str, method: &str, secret: &str, ago: i64| {
        ProxyUser::header("4711", method, path, secret, Utc::now() - TimeDelta::seconds(ago))
    };
    let own = header("/usage_data/csrf_token", "GET", SECRET, 0);
    let csrf = serving
        .get("/usage_data/csrf_token")
        .header(ProxyUser::HEADER, &own)
        .send()
        .expect(200)
        .json();
    let csrf = csrf["csrf_token"].as_str().expect("a token").to_owned();
    let track = |header: &str, csrf: &str| {
        let asking = serving
            .post(TRACK)
            .header(ProxyUser::HEADER, header)
            .header("X-CSRF-Token", csrf);
        asking.json(&event()).send()
    };
    let good = header(TRACK, "POST", SECRET, 0);
    track(&good, &csrf).expect(200);
    track(&good, "").expect(403);
    track(&own, &csrf).expect(401);
    track(&header(TRACK, "POST", "another secret of it", 0), &csrf).expect(401);
    track(&header(TRACK, "POST", SECRET, 120), &csrf).expect(401);
    track("nonsense", &csrf).expect(401);
    // A proxy's users track, and read nothing.
    let path = "/usage_data/service_ping";
    let reads = header(path, "GET", SECRET, 0);
    serving.get(path).header(ProxyUser::HEADER, &reads).send().expect(403);
    serving.stop();
    assert_eq!(place.unique("users_opening_boards"), json!(1));
}

#[test]
fn without_a_secret_no_header_is_believed() {
    let place = Place::new("");
    let serving = place.serve();
    let header = ProxyUser::header("4711", "POST", TRACK, "", Utc::now());
    let asking = serving.post(TRACK).header(ProxyUser::HEADER, &header);
    asking.json(&event()).send().expect(401);
    serving.stop();
}
