//! A collector of OTLP/HTTP that does as it is told, and remembers all that came.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::wire::{Request, read, reply};

/// What is done with one request, once it was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    /// Taken, but for so many spans.
    But(u8),
    Status(u16),
    /// A status with a further header line.
    With(u16, &'static str),
    Body(&'static [u8]),
    /// As JSON.
    Json(&'static [u8]),
    /// The connection is closed.
    Nothing,
    /// Nothing comes back, for as long as the other side stays.
    Silence,
    /// A good head, and a body that breaks off.
    CutOff,
    /// A body that never ends.
    Endless,
    /// A head that comes a byte at a time, as long as the other side stays.
    Loris,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<usize>,
}

/// The collector. When its answers are used up, the last of them stands.
pub struct Collector {
    shared: Arc<Shared>,
    pub url: String,
}

impl Collector {
    pub fn start(answers: &[Answer]) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.iter().cloned().collect()),
            ..Shared::default()
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                *theirs.connections.lock().unwrap() += 1;
                let theirs = Arc::clone(&theirs);
                // A client that hangs up is part of the play.
                thread::spawn(move || drop(converse(stream, &theirs)));
            }
        });
        Collector { shared, url }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }
}

fn converse(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(request) = read(&mut reader)? {
        shared.requests.lock().unwrap().push(request);
        let answer = {
            let mut answers = shared.answers.lock().unwrap();
            match answers.len() {
                0 => Answer::Taken,
                1 => answers[0].clone(),
                _ => answers.pop_front().unwrap(),
            }
        };
        match answer {
            Answer::Taken => reply(&mut stream, 200, "", b"")?,
            // ExportTracePartialSuccess with rejected_spans and a message.
            Answer::But(number) => reply(&mut stream, 200, "", &[10, 7, 8, number, 18, 3, b'n', b'o', b'!'])?,
            Answer::Status(status) => reply(&mut stream, status, "", b"no")?,
            Answer::With(status, header) => reply(&mut stream, status, &format!("{header}\r\n"), b"")?,
            Answer::Body(body) => reply(&mut stream, 200, "", body)?,
            Answer::Json(body) => reply(&mut stream, 200, "content-type: application/json\r\n", body)?,
            Answer::Nothing => return Ok(()),
            Answer::Silence => return reader.read(&mut [0; 1]).map(drop),
            Answer::CutOff => return stream.write_all(b"HTTP/1.1 200 Fine\r\ncontent-length: 9\r\n\r\n\n"),
            Answer::Loris => {
                stream.write_all(b"HTTP/1.1 200 Fine\r\nx: ")?;
                loop {
                    stream.write_all(b"x")?;
                    thread::park_timeout(std::time::Duration::from_millis(5));
                }
            }
            Answer::Endless => {
                stream.write_all(b"HTTP/1.1 200 Fine\r\n\r\n")?;
                loop {
                    stream.write_all(&[0; 4096])?;
                }
            }
        }
    }
    Ok(())
}
