//! What an abuser gets. How little the others notice is measured by `scripts/bench http`.

use std::io::{Read, Write};
use std::net::Shutdown;

use serde_json::json;

use crate::client::{connect, read};
use crate::place::Place;

const TRACK: &str = "/usage_data/track_event";

#[test]
fn a_body_that_is_too_long_is_413_however_it_comes() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "1"]);
    let long = format!("{{\"event\": \"{}\"}}", "x".repeat(1 << 20)).into_bytes();
    let asking = serving
        .post(TRACK)
        .token(&token)
        .header("Content-Type", "application/json");
    let answer = asking.clone().body(long.clone()).send().expect(413);
    assert_eq!(answer.error(), "the body is longer than 262144 bytes");
    // Without a length that says so beforehand.
    let mut stream = connect(&serving.address);
    let head = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nPRIVATE-TOKEN: {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        long.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&long));
    assert_eq!(read(&mut stream).status, 413);
    serving.stop();
}

#[test]
fn an_answer_before_the_body_is_not_lost_in_a_reset() {
    let place = Place::new("");
    let serving = place.serve();
    let mut stream = connect(&serving.address);
    let head = format!("POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it listens");
    let answer = read(&mut stream);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("connection"), "close");
    // A reset would end the second of them.
    for _ in 0..2 {
        stream.write_all(&[b' '; 50_000]).expect("what comes is taken in");
    }
    stream.shutdown(Shutdown::Write).expect("no reset");
    serving.stop();
}

#[test]
fn a_connection_whose_bodies_are_read_goes_on() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "1"]);
    let mut stream = connect(&serving.address);
    let body = json!({"event": "board_created"}).to_string();
    let request = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nPRIVATE-TOKEN: {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for _ in 0..2 {
        stream.write_all(request.as_bytes()).expect("the connection is open");
    }
    let (mut text, mut chunk) = (String::new(), [0; 4096]);
    while text.matches("tracked").count() < 2 {
        let read = stream.read(&mut chunk).expect("two answers");
        assert!(read > 0, "{text}");
        text += &String::from_utf8_lossy(&chunk[..read]);
    }
    assert_eq!(text.matches("HTTP/1.1 200").count(), 2, "{text}");
    assert!(!text.contains("connection: close"), "{text}");
    serving.stop();
}

#[test]
fn a_small_body_that_unpacks_to_a_long_one_is_413() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "1"]);
    let gzip = |text: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(text).expect("memory");
        packer.finish().expect("memory")
    };
    let asking = serving
        .post(TRACK)
        .token(&token)
        .header("Content-Type", "application/json");
    let packed = asking.clone().header("Content-Encoding", "gzip");
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    packed.clone().body(bomb).send().expect(413);
    let good = gzip(json!({"event": "board_created"}).to_string().as_bytes());
    packed.clone().body(good).send().expect(200);
    packed.body(b"no gzip".to_vec()).send().expect(400);
    asking
        .header("Content-Encoding", "br")
        .body(b"x".to_vec())
        .send()
        .expect(415);
    serving.stop();
}

#[test]
fn a_body_that_never_ends_is_408_and_a_head_is_cut_off() {
    let place = Place::new("");
    let serving = place.serve();
    let token = place.token(&["app", "--scope", "track", "--user", "1"]);
    let mut body = connect(&serving.address);
    let head = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nPRIVATE-TOKEN: {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\nConnection: close\r\n\r\n{{"
    );
    body.write_all(head.as_bytes()).expect("it is read");
    let mut slow = connect(&serving.address);
    slow.write_all(b"POST /usage_data/track_event HTTP/1.1\r\nHost: loc")
        .expect("it is read");
    assert_eq!(read(&mut body).status, 408);
    let mut rest = Vec::new();
    std::io::Read::read_to_end(&mut slow, &mut rest).expect("it is cut off");
    assert_eq!(rest, b"");
    serving.stop();
}

#[test]
fn too_many_requests_are_429_for_their_token_alone() {
    let place = Place::new("[server]\nrate_limit = 5");
    let serving = place.serve();
    let busy = place.token(&["busy", "--scope", "track", "--user", "1"]);
    let calm = place.token(&["calm", "--scope", "track", "--user", "2"]);
    let ask = |token: &str| {
        serving
            .post(TRACK)
            .token(token)
            .json(&json!({"event": "board_created"}))
            .send()
    };
    let answers: Vec<_> = (0..100).map(|_| ask(&busy)).collect();
    let limited: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(limited.len() > 50, "{}", limited.len());
    assert!(limited.iter().all(|answer| answer.header("retry-after") == "1"));
    assert!(answers.iter().all(|answer| [200, 429].contains(&answer.status)));
    ask(&calm).expect(200);
    // Guesses are limited by their address.
    let guesses: Vec<u16> = (0..100).map(|place| ask(&format!("spt-{place}")).status).collect();
    assert!(guesses.contains(&401) && guesses.contains(&429), "{guesses:?}");
    ask(&calm).expect(200);
    serving.stop();
}
