//! What stands before a real receiver and misbehaves on demand: it answers for itself, or lets a request through and
//! loses the answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of each request, until it is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It reaches the receiver, whose answer comes back.
    Forward,
    /// The connection is closed before anything is read.
    HangUp,
    /// A status and header lines of the front's own.
    Status(u16, &'static str),
    /// The same for metadata alone; everything else is let through.
    MetadataStatus(u16),
    /// It reaches the receiver, and no answer comes back for as long as the client waits.
    Slow,
    /// It reaches the receiver, and half of the answer comes back.
    Truncated,
    /// It reaches the receiver, and the connection is closed.
    Lost,
}

pub struct Front {
    address: String,
    mood: Arc<Mutex<Mood>>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Front {
    /// A front of the receiver at `receiver`, `http://host:port`.
    pub fn of(receiver: &str) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let mood = Arc::new(Mutex::new(Mood::Forward));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let receiver = receiver.trim_start_matches("http://").to_owned();
        let (moods, paths) = (Arc::clone(&mood), Arc::clone(&heard));
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (moods, paths, receiver) = (Arc::clone(&moods), Arc::clone(&paths), receiver.clone());
                // A client that hangs up is part of the play.
                std::thread::spawn(move || drop(converse(stream, &receiver, &moods, &paths)));
            }
        });
        Front { address, mood, heard }
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same place, where no TLS is spoken.
    pub fn secure_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The paths of all requests that came since this was last asked.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn converse(
    mut client: TcpStream,
    receiver: &str,
    mood: &Mutex<Mood>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mood = *mood.lock().unwrap_or_else(PoisonError::into_inner);
    if mood == Mood::HangUp {
        return Ok(());
    }
    let Some(request) = read_message(&mut client)? else {
        // What is no HTTP, such as the beginning of TLS, is answered as web servers do.
        return client.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    };
    let path = String::from_utf8_lossy(&request)
        .split(' ')
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
    let answer = |status: u16, headers: &str| format!("HTTP/1.1 {status} Front\r\ncontent-length: 0\r\n{headers}\r\n");
    match mood {
        Mood::Status(status, headers) => return client.write_all(answer(status, headers).as_bytes()),
        Mood::MetadataStatus(status) if path.ends_with("metadata") => {
            return client.write_all(answer(status, "").as_bytes());
        }
        _ => {}
    }
    let reply = forwarded(&request, receiver)?;
    match mood {
        Mood::Slow => client.read(&mut [0; 1]).map(drop),
        Mood::Truncated => client.write_all(&reply[..reply.len() - 9]),
        Mood::Lost => Ok(()),
        _ => client.write_all(&reply),
    }
}

fn forwarded(request: &[u8], receiver: &str) -> std::io::Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(receiver)?;
    upstream.write_all(request)?;
    read_message(&mut upstream)?.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

/// One request or reply, head and body; `None` where it is none.
fn read_message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut part)?;
        if read == 0 {
            return Ok(None);
        }
        message.extend_from_slice(&part[..read]);
        if !message[0].is_ascii_uppercase() {
            return Ok(None);
        }
        let Some(end) = message.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        if message.len() >= end + 4 + length {
            return Ok(Some(message));
        }
    }
}
