//! A server that answers as a test says, and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request, as far as it is looked at.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Parameters of the address.
    pub parameters: BTreeMap<String, String>,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// What is done with a request.
pub enum Answer {
    /// A status, a type and a body.
    Says(u16, &'static str, String),
    /// The beginning of what would be a whole answer; then the connection ends.
    Half(String),
    /// No answer, for as long as the client waits.
    Never,
    /// The connection ends.
    Breaks,
    /// What the server at this port answers.
    From(u16),
}

impl Answer {
    pub fn json(body: &serde_json::Value) -> Answer {
        Answer::Says(200, "application/json", body.to_string())
    }

    pub fn ready() -> Answer {
        Answer::Says(200, "text/plain", "Prometheus Server is Ready.\n".to_owned())
    }
}

/// A server on a port of its own.
pub struct Double {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Double {
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Double {
        Double::start_on("127.0.0.1", answer)
    }

    pub fn start_on(host: &str, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Double {
        let listener = TcpListener::bind((host, 0)).expect("a free port");
        let double = Double {
            port: listener.local_addr().expect("an address").port(),
            asked: Arc::default(),
        };
        let (asked, answer) = (double.asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (asked, answer) = (asked.clone(), answer.clone());
                std::thread::spawn(move || {
                    // What is no HTTP, such as TLS, gets no answer.
                    if let Some((request, head)) = read(&client) {
                        asked.lock().unwrap().push(request.clone());
                        let _ = reply(client, &head, answer(&request));
                    }
                });
            }
        });
        double
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far, in the order in which they came.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests there were for a path.
    pub fn times(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }

    /// The PromQL that was asked.
    pub fn queries(&self) -> Vec<String> {
        let asked = self.asked();
        asked
            .iter()
            .filter_map(|asked| asked.parameters.get("query").cloned())
            .collect()
    }
}

/// A TLS handshake begins with this byte.
const HANDSHAKE: u8 = 22;

fn read(client: &TcpStream) -> Option<(Asked, String)> {
    let mut first = [0; 1];
    if client.peek(&mut first).ok()? == 0 || first == [HANDSHAKE] {
        return None;
    }
    let mut lines = BufReader::new(client).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    let mut head = format!("{method} {target} HTTP/1.0\r\n");
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = name.to_ascii_lowercase();
        if name != "connection" {
            head += &format!("{line}\r\n");
        }
        headers.insert(name, value.trim().to_owned());
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let parameters = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let asked = Asked {
        method,
        path: path.to_owned(),
        parameters,
        headers,
    };
    Some((asked, head + "\r\n"))
}

fn reply(mut client: TcpStream, head: &str, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::Says(status, kind, body) => client.write_all(says(status, kind, &body).as_bytes())?,
        Answer::Half(body) => {
            let whole = says(200, "application/json", &body);
            client.write_all(&whole.as_bytes()[..whole.len() - body.len() / 2])?;
        }
        // The client ends it.
        Answer::Never => drop(client.read(&mut [0; 1])?),
        Answer::Breaks => {}
        Answer::From(port) => {
            let mut server = TcpStream::connect(("127.0.0.1", port))?;
            server.write_all(head.as_bytes())?;
            let mut whole = Vec::new();
            server.read_to_end(&mut whole)?;
            client.write_all(&whole)?;
        }
    }
    client.shutdown(Shutdown::Both)
}

fn says(status: u16, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Told\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
