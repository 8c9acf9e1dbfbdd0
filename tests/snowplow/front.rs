//! A collector that does as it is told, and remembers all that it took.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::wait::PATIENCE;
pub use crate::support::wire::{Request, nobody};
use crate::support::wire::{read, reply};

/// What is done with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    Status(u16),
    /// A status with a further header line.
    With(u16, String),
    /// A good answer with this body.
    Body(String),
    /// The connection ends without an answer.
    Reset,
    /// Nothing comes back for as long as the other side stays.
    Hang,
    /// The events are taken, but the answer breaks off.
    TakenThenReset,
}

/// What a payload tells.
pub trait Payload {
    fn events(&self) -> Vec<Value>;
    fn ids(&self) -> Vec<String>;
}

impl Payload for Request {
    fn events(&self) -> Vec<Value> {
        let payload: Value = serde_json::from_slice(&self.body).expect("the body is JSON");
        payload["data"].as_array().expect("events").clone()
    }

    fn ids(&self) -> Vec<String> {
        let events = self.events();
        events
            .iter()
            .map(|event| event["eid"].as_str().expect("an id").to_owned())
            .collect()
    }
}

type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    taken: Vec<Value>,
    under_way: usize,
    most_under_way: usize,
}

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// The collector.
#[derive(Clone)]
pub struct Front {
    shared: Arc<Shared>,
    pub url: String,
}

impl Front {
    pub fn start(script: impl FnMut(&Request) -> Answer + Send + 'static) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            script: Mutex::new(Box::new(script)),
            seen: Mutex::new(Seen::default()),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let theirs = Arc::clone(&theirs);
                // A client that hangs up is part of the play.
                thread::spawn(move || drop(converse(stream, &theirs)));
            }
        });
        Front { shared, url }
    }

    /// Takes everything.
    pub fn open() -> Front {
        Front::start(|_| Answer::Taken)
    }

    /// One answer after the other; the last of them stands.
    pub fn playing(answers: Vec<Answer>) -> Front {
        let mut left = answers.into_iter().peekable();
        let mut last = Answer::Taken;
        Front::start(move |_| {
            if let Some(next) = left.next() {
                last = next;
            }
            last.clone()
        })
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.seen.lock().unwrap().requests.clone()
    }

    /// The events that were taken, as often as they were.
    pub fn taken(&self) -> Vec<Value> {
        self.shared.seen.lock().unwrap().taken.clone()
    }

    pub fn taken_ids(&self) -> Vec<String> {
        let taken = self.taken();
        taken
            .iter()
            .map(|event| event["eid"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// The most requests that were under way at once.
    pub fn most_under_way(&self) -> usize {
        self.shared.seen.lock().unwrap().most_under_way
    }

    /// Waits until so many requests have come.
    pub fn wait_for_requests(&self, number: usize) {
        self.wait_for(&format!("{number} requests"), |seen| seen.requests.len() >= number);
    }

    /// Waits until so many events were taken.
    pub fn wait_for_taken(&self, number: usize) {
        self.wait_for(&format!("{number} events"), |seen| seen.taken.len() >= number);
    }

    fn wait_for(&self, what: &str, holds: impl Fn(&Seen) -> bool) {
        let seen = self.shared.seen.lock().unwrap();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(seen, PATIENCE, |seen| !holds(seen));
        let (seen, _) = waited.unwrap();
        assert!(
            holds(&seen),
            "{what} did not come: {} requests, {} events",
            seen.requests.len(),
            seen.taken.len()
        );
    }
}

fn converse(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(request) = read(&mut reader)? {
        {
            let mut seen = shared.seen.lock().unwrap();
            seen.under_way += 1;
            seen.most_under_way = seen.most_under_way.max(seen.under_way);
            seen.requests.push(request.clone());
        }
        shared.changed.notify_all();
        let answer = (shared.script.lock().unwrap())(&request);
        {
            let mut seen = shared.seen.lock().unwrap();
            seen.under_way -= 1;
            if matches!(answer, Answer::Taken | Answer::TakenThenReset) {
                seen.taken.extend(request.events());
            }
        }
        shared.changed.notify_all();
        match answer {
            Answer::Taken => reply(&mut stream, 200, "", b"ok")?,
            Answer::Status(status) => reply(&mut stream, status, "", b"no")?,
            Answer::With(status, header) => reply(&mut stream, status, &format!("{header}\r\n"), b"")?,
            Answer::Body(body) => reply(&mut stream, 200, "", body.as_bytes())?,
            Answer::Reset => return Ok(()),
            Answer::Hang => return reader.read(&mut [0; 1]).map(drop),
            Answer::TakenThenReset => return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
        }
    }
    Ok(())
}
