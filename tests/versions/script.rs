//! A Versions endpoint that follows a script: it misbehaves on demand, and remembers all that it was sent.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

pub const USAGE_DATA: &str = "/usage_data";
pub const METADATA: &str = "/usage_ping_metadata";
pub const ERRORS: &str = "/usage_ping_errors";

/// What is done with one request, once it was read to its end.
#[derive(Debug, Clone)]
pub enum Step {
    /// A whole reply: status, further header lines, body.
    Reply(u16, String, String),
    /// The connection is reset.
    Reset,
    /// Nothing comes back, for as long as the client stays.
    Silence,
    /// A success whose body stops in the middle, while the connection stays.
    Stall,
    /// A success whose body ends before its announced length.
    Truncate,
    /// A success whose body has no end.
    Endless,
    /// The reply is held back until [`Script::open_gate`].
    Gate(Box<Step>),
}

impl Step {
    pub fn status(status: u16) -> Step {
        Step::Reply(status, String::new(), String::new())
    }

    pub fn with_header(status: u16, header: &str) -> Step {
        Step::Reply(status, format!("{header}\r\n"), String::new())
    }

    pub fn body(status: u16, body: impl Into<String>) -> Step {
        Step::Reply(status, String::new(), body.into())
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Request {
    pub fn key(&self) -> &str {
        &self.headers["idempotency-key"]
    }
}

#[derive(Default)]
struct Shared {
    steps: Mutex<HashMap<String, VecDeque<Step>>>,
    requests: Mutex<Vec<Request>>,
    gate: Notify,
}

/// The endpoint. Once a path's steps are used up, it takes everything.
pub struct Script {
    shared: Arc<Shared>,
    address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<String>,
    task: JoinHandle<()>,
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Script {
    pub async fn start() -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let task = tokio::spawn(accept(listener, Arc::clone(&shared), arrived));
        Script {
            shared,
            address,
            arrivals,
            task,
        }
    }

    pub async fn of(steps: impl IntoIterator<Item = Step>) -> Script {
        let script = Script::start().await;
        script.then(USAGE_DATA, steps);
        script
    }

    pub fn then(&self, path: &str, steps: impl IntoIterator<Item = Step>) {
        self.shared
            .steps
            .lock()
            .unwrap()
            .entry(path.to_owned())
            .or_default()
            .extend(steps);
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests to a path, in the order they came.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.shared
            .requests
            .lock()
            .unwrap()
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }

    /// The paths of all requests, in the order they came.
    pub fn paths(&self) -> Vec<String> {
        self.shared
            .requests
            .lock()
            .unwrap()
            .iter()
            .map(|request| request.path.clone())
            .collect()
    }

    /// Waits until a request has been read; gives its path.
    pub async fn next_arrival(&mut self) -> String {
        self.arrivals.recv().await.unwrap()
    }

    pub fn open_gate(&self) {
        self.shared.gate.notify_one();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, arrived: mpsc::UnboundedSender<String>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (shared, arrived) = (Arc::clone(&shared), arrived.clone());
        tokio::spawn(async move {
            // A client that hangs up is part of the play.
            let _ = converse(stream, &shared, &arrived).await;
        });
    }
}

async fn converse(
    mut stream: TcpStream,
    shared: &Shared,
    arrived: &mpsc::UnboundedSender<String>,
) -> std::io::Result<()> {
    let Some(request) = read_request(&mut stream).await? else {
        return Ok(());
    };
    let path = request.path.clone();
    let number = {
        let mut requests = shared.requests.lock().unwrap();
        requests.push(request);
        requests.len()
    };
    let step = shared
        .steps
        .lock()
        .unwrap()
        .get_mut(&path)
        .and_then(VecDeque::pop_front);
    let _ = arrived.send(path);
    let step = step.unwrap_or_else(|| Step::body(201, format!(r#"{{"conv_index":{{"usage_data_id":{number}}}}}"#)));
    perform(step, &mut stream, shared).await
}

async fn perform(step: Step, stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    let step = match step {
        Step::Gate(step) => {
            shared.gate.notified().await;
            *step
        }
        step => step,
    };
    match step {
        Step::Reply(status, headers, body) => {
            let head = format!(
                "HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n{headers}\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await
        }
        Step::Reset => stream.set_zero_linger(),
        Step::Silence => until_closed(stream).await,
        Step::Stall => {
            stream
                .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"conv_index\": ")
                .await?;
            until_closed(stream).await
        }
        Step::Truncate => {
            stream
                .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"conv_index\": ")
                .await
        }
        Step::Endless => {
            stream
                .write_all(b"HTTP/1.1 201 Created\r\n\r\n{\"conv_index\": \"")
                .await?;
            loop {
                stream.write_all(&[b'x'; 4096]).await?;
            }
        }
        Step::Gate(_) => unreachable!("gates do not nest"),
    }
}

async fn until_closed(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read(&mut [0; 1]).await.map(drop)
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Request {
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
    }))
}
