//! The strict collector: what it takes for an event, and what for a bad row.

use std::net::SocketAddr;

use serde_json::{Value, json};
use service_ping::emit::snowplow::Schemas;
use service_ping::emit::snowplow::collector::{BadRow, Collector, Filter, GoodEvent, Judge, Kept, Request, Totals};

use crate::support::data::compat_data;

const PAYLOAD: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";

/// Judges by the genuine schemas, where they are, and by our own rules.
pub fn judges() -> Vec<Judge> {
    let genuine = compat_data("snowplow/schemas").map(|folder| Judge::new(Schemas::of(&folder)));
    genuine.into_iter().chain([Judge::new(Schemas::built_in())]).collect()
}

pub fn request(body: Vec<u8>) -> Request {
    Request {
        vendor: "com.snowplowanalytics.snowplow".to_owned(),
        version: "tp2".to_owned(),
        content_type: Some("application/json; charset=utf-8".to_owned()),
        user_agent: Some("test".to_owned()),
        body,
        collected_at: 1_795_253_990_000,
    }
}

fn payload(events: Value) -> Vec<u8> {
    json!({"schema": PAYLOAD, "data": events}).to_string().into_bytes()
}

fn sound() -> Value {
    json!({
        "e": "se", "p": "srv", "tv": "t-1", "eid": "01a2284b-b9e1-71db-b2bc-df46e7bdc690", "aid": "a",
        "se_ca": "c", "se_ac": "a", "se_va": "1.5", "dtm": "1795253983844", "stm": "1795253988844",
    })
}

/// `sound` with a field of its own, or without it.
fn with(key: &str, value: Value) -> Value {
    let mut event = sound();
    let object = event.as_object_mut().expect("an object");
    match value {
        Value::Null => drop(object.remove(key)),
        value => drop(object.insert(key.to_owned(), value)),
    }
    event
}

/// What every judge says, which must be the same.
fn judged(request: &Request) -> Vec<Result<GoodEvent, BadRow>> {
    let all: Vec<_> = judges().iter().map(|judge| judge.judge(request)).collect();
    for other in &all[1..] {
        let is_good = |judged: &Vec<Result<GoodEvent, BadRow>>| judged.iter().map(Result::is_ok).collect::<Vec<_>>();
        assert_eq!(is_good(&all[0]), is_good(other), "{:?}\n{:?}", all[0], other);
    }
    all.into_iter().next().expect("a judge")
}

fn is_bad(request: &Request, says: &str) {
    let judged = judged(request);
    let errors: Vec<String> = judged
        .iter()
        .filter_map(|one| one.as_ref().err())
        .flat_map(|row| row.errors.clone())
        .collect();
    assert!(!errors.is_empty(), "{}", String::from_utf8_lossy(&request.body));
    // The genuine schema has words of its own.
    assert!(
        errors
            .iter()
            .any(|error| error.contains(says) || error.contains("payload_data")),
        "{errors:?}"
    );
}

#[test]
fn what_real_trackers_sent_is_taken() {
    for capture in ["python-tracker-1.1.0", "node-tracker-4.8.0"] {
        let Some(file) = compat_data(&format!("snowplow/captures/{capture}.json")) else {
            return;
        };
        let mut request = request(std::fs::read(&file).expect("the capture"));
        // The headers of the last line on are another file's.
        let end = request.body.iter().rposition(|byte| *byte == b'}').expect("JSON") + 1;
        request.body.truncate(end);
        let Some(folder) = compat_data("snowplow/schemas") else {
            return;
        };
        let judged = Judge::new(Schemas::of(&folder)).judge(&request);
        assert_eq!(judged.len(), 2);
        // Their usage is a sketch of one, which the rules of billable_usage refuse, and nothing else does.
        let row = judged[0].as_ref().expect_err("no usage");
        assert!(
            row.errors.iter().all(|error| error.contains("billable_usage")),
            "{row:?}"
        );
        let custom = judged[1].as_ref().expect("a custom event");
        assert_eq!(
            custom.own.as_ref().expect("its data").data,
            json!({"name": "n", "props": {"a": 1}})
        );
    }
}

#[test]
fn each_rule_of_the_pipeline_is_kept() {
    assert!(judged(&request(payload(json!([sound()]))))[0].is_ok());
    for (event, says) in [
        (with("p", json!("server")), "p must be one of"),
        (with("p", Value::Null), "p is missing"),
        (with("tv", Value::Null), "tv is missing"),
        (with("e", Value::Null), "e is missing"),
        (with("e", json!("xx")), "e must be one of"),
        (with("eid", json!("1")), "eid must be a UUID"),
        (
            with("eid", json!("01a2284bb9e171dbb2bcdf46e7bdc690")),
            "eid must be a UUID",
        ),
        (with("aid", json!("x".repeat(256))), "255 letters"),
        (with("tna", json!("x".repeat(129))), "128 letters"),
        (with("tv", json!("x".repeat(101))), "100 letters"),
        (with("se_ca", Value::Null), "se_ca must be there"),
        (with("se_ac", json!("")), "se_ac must be there"),
        (with("se_la", json!("x".repeat(4097))), "4096 letters"),
        (with("se_va", json!("many")), "se_va must be a decimal"),
        (with("se_va", json!("inf")), "se_va must be a decimal"),
        (with("se_va", json!(1.5)), "se_va must be a text"),
        (with("dtm", json!("2026-11-19")), "milliseconds"),
        (with("unknown", json!("x")), "unknown is no field"),
        (with("cx", json!("")), "cx is no self-describing JSON"),
        (with("cx", json!("!")), "cx is no base64"),
        (with("co", json!("{}")), "co is no self-describing JSON"),
        (with("e", json!("ue")), "ue_px or ue_pr must be there"),
    ] {
        is_bad(&request(payload(json!([event]))), says);
    }
}

#[test]
fn what_is_no_payload_is_bad_as_a_whole() {
    is_bad(&request(b"garbage".to_vec()), "no self-describing JSON");
    is_bad(&request(payload(json!([]))), "an event");
    is_bad(&request(payload(json!({}))), "a list");
    is_bad(
        &request(
            json!({"schema": "iglu:a/b/jsonschema/1-0-0", "data": []})
                .to_string()
                .into_bytes(),
        ),
        "no payload_data",
    );
    let text = Request {
        content_type: Some("text/plain".to_owned()),
        ..request(payload(json!([sound()])))
    };
    is_bad(&text, "content type");
    let long = payload(json!(vec![with("se_la", json!("x".repeat(4000))); 300]));
    is_bad(&request(long), "size violation");
    // One event that breaks the schema spoils those that came with it, one that breaks a rule does not.
    assert_eq!(
        judged(&request(payload(json!([sound(), with("x", json!("y"))])))).len(),
        1
    );
    let judged = judged(&request(payload(json!([sound(), with("p", json!("y"))]))));
    assert_eq!(judged.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn data_is_held_against_its_schema() {
    let plain = |schema: &str, data: Value| {
        let outer = json!({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
            "data": {"schema": schema, "data": data}});
        let mut event = with("e", json!("ue"));
        event["ue_pr"] = Value::String(outer.to_string());
        request(payload(json!([event])))
    };
    let custom = "iglu:com.gitlab/custom_event/jsonschema/1-0-0";
    assert!(judged(&plain(custom, json!({"name": "n"})))[0].is_ok());
    is_bad(&plain(custom, json!({"name": ""})), "name must be");
    is_bad(&plain(custom, json!({"name": "n", "props": []})), "props must be");
    is_bad(
        &plain("iglu:com.acme/unknown/jsonschema/1-0-0", json!({})),
        "nobody here knows",
    );
    is_bad(&plain("nothing", json!({})), "");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("com.acme/unknown/jsonschema");
    std::fs::create_dir_all(&place).expect("writable");
    let schema = json!({"$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
        "self": {"vendor": "com.acme"}, "type": "object", "required": ["a"]});
    std::fs::write(place.join("1-0-0"), schema.to_string()).expect("writable");
    let judge = Judge::new(Schemas::of(folder.path()));
    let unknown = |data| {
        judge
            .judge(&plain("iglu:com.acme/unknown/jsonschema/1-0-0", data))
            .remove(0)
    };
    assert!(unknown(json!({"a": 1})).is_ok());
    assert!(unknown(json!({})).is_err());
}

#[test]
fn times_are_put_right_as_the_pipeline_does() {
    let judged = judged(&request(payload(json!([sound(), with("ttm", json!("1795000000000"))]))));
    let derived = |nth: usize| judged[nth].as_ref().expect("it is sound").event["derived_tstamp"].clone();
    // Collected, less the five seconds between its making and its sending.
    assert_eq!(derived(0), "2026-11-21T09:39:45.000Z");
    assert_eq!(derived(1), "2026-11-18T11:06:40.000Z");
}

/// A running collector, and what is said to it.
async fn said(collector: &str, method: &str, path: &str, token: Option<&str>, body: Vec<u8>) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = collector.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let token = token
        .map(|token| format!("authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{token}content-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(&[head.into_bytes(), body].concat())
        .await
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (
        head.split(' ').nth(1).expect("a status").parse().expect("a number"),
        body.to_owned(),
    )
}

#[tokio::test]
async fn it_answers_200_to_nearly_everything_and_tells_over_micros_paths() {
    let judge = Judge::new(Schemas::built_in());
    let at = SocketAddr::from(([127, 0, 0, 1], 0));
    let collector = Collector::bind(at, judge, Kept::new(2), Some("t".to_owned()))
        .await
        .expect("a port")
        .start();
    let url = collector.url();
    let open = "/com.snowplowanalytics.snowplow/tp2";
    let events = payload(json!([sound(), with("e", json!("pv")), sound(), with("p", json!("x"))]));
    assert_eq!(said(&url, "POST", open, None, events).await, (200, "ok".to_owned()));
    assert_eq!(
        said(&url, "POST", open, None, b"garbage".to_vec()).await,
        (200, "ok".to_owned())
    );
    assert_eq!(said(&url, "GET", "/health", None, Vec::new()).await.0, 200);
    assert_eq!(said(&url, "POST", open, None, vec![b' '; 3_000_000]).await.0, 413);
    let closed = "/com.snowplowanalytics.snowplow.auth/tp2";
    for (token, status) in [(None, 403), (Some("other"), 403), (Some("t"), 200)] {
        assert_eq!(
            said(&url, "POST", closed, token, payload(json!([sound()]))).await.0,
            status
        );
    }
    let all = said(&url, "GET", "/micro/all", None, Vec::new()).await.1;
    assert_eq!(
        serde_json::from_str::<Value>(&all).expect("JSON"),
        json!({"total": 6, "good": 4, "bad": 2})
    );
    let good = said(&url, "GET", "/micro/good", None, Vec::new()).await.1;
    let good: Vec<Value> = serde_json::from_str(&good).expect("JSON");
    assert_eq!(good.len(), 2, "the newest are kept");
    assert_eq!(good[0]["rawEvent"]["parameters"]["se_va"], "1.5");
    assert_eq!(good[0]["event"]["se_value"], 1.5);
    let filter = json!({"event_type": "unstruct"}).to_string().into_bytes();
    assert_eq!(said(&url, "POST", "/micro/good", None, filter).await.1, "[]");
    let bad = said(&url, "GET", "/micro/bad", None, Vec::new()).await.1;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&bad).expect("JSON").len(), 2);
    assert_eq!(said(&url, "GET", "/micro/reset", None, Vec::new()).await.0, 200);
    assert_eq!(collector.kept().totals(), Totals::default());
    assert!(collector.kept().good(&Filter::default()).is_empty());
    collector.stop().await;
}
