//! A component of an instance: a small HTTP server that says what it is told to say, and remembers who asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// How a component behaves.
#[derive(Clone)]
pub enum Behaviour {
    /// The whole response, head and body.
    Says(String),
    /// It takes the request, and never answers.
    Silent,
    /// More bytes than anybody should read.
    Endless,
    /// A body that depends on the request's first line.
    Answers(Arc<dyn Fn(&str) -> String + Send + Sync>),
}

pub struct Component {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Component {
    pub fn start(behaviour: Behaviour) -> Component {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let requests = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (behaviour, requests) = (behaviour.clone(), Arc::clone(&requests));
                std::thread::spawn(move || answer(stream, &behaviour, &requests));
            }
        });
        Component { address, asked }
    }

    /// A success with a body and further header lines.
    pub fn says(headers: &str, body: &str) -> Component {
        Component::with_status("200 OK", headers, body)
    }

    pub fn with_status(status: &str, headers: &str, body: &str) -> Component {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
        Component::start(Behaviour::Says(head + body))
    }

    /// A success whose body follows from the request's first line.
    pub fn answering(body: impl Fn(&str) -> String + Send + Sync + 'static) -> Component {
        Component::start(Behaviour::Answers(Arc::new(body)))
    }

    /// The address without a path.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn url(&self) -> String {
        format!("http://{}/version", self.address)
    }

    /// The first lines of the requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn answer(mut stream: TcpStream, behaviour: &Behaviour, requests: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream"))
        .lines()
        .map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    requests.lock().expect("no panic").push(request.clone());
    let _head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    // Whoever asked may be gone by now.
    match behaviour {
        Behaviour::Says(response) => drop(stream.write_all(response.as_bytes())),
        Behaviour::Answers(body) => {
            let body = body(&request);
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            drop(stream.write_all((head + &body).as_bytes()));
        }
        Behaviour::Silent => drop(lines.next()),
        Behaviour::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
            while stream.write_all(&[b'x'; 65536]).is_ok() {}
        }
    }
}
