//! A way to a server on which answers can be lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Passes bytes on to a server; on demand it swallows the answer to a command and breaks off.
pub struct Proxy {
    pub port: u16,
    losses: Arc<AtomicUsize>,
    word: Arc<Vec<u8>>,
}

impl Proxy {
    /// A proxy that may lose answers to requests in which `word` stands.
    pub fn start(server: u16, word: &str) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let proxy = Proxy {
            port: listener.local_addr().expect("an address").port(),
            losses: Arc::default(),
            word: Arc::new(word.as_bytes().to_vec()),
        };
        let (losses, word) = (proxy.losses.clone(), proxy.word.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                pass_on(client, server, losses.clone(), word.clone());
            }
        });
        proxy
    }

    /// The next answers to such requests are lost, so many of them.
    pub fn lose(&self, answers: usize) {
        self.losses.store(answers, Ordering::SeqCst);
    }

    /// How many are still to be lost.
    pub fn left(&self) -> usize {
        self.losses.load(Ordering::SeqCst)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

fn pass_on(mut client: TcpStream, mut server: TcpStream, losses: Arc<AtomicUsize>, word: Arc<Vec<u8>>) {
    let (mut back, mut answers) = (
        client.try_clone().expect("a socket"),
        server.try_clone().expect("a socket"),
    );
    let doomed = Arc::new(AtomicUsize::new(0));
    let seen = doomed.clone();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            if buffer[..length]
                .windows(word.len())
                .any(|window| window == word.as_slice())
            {
                let lost = losses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                seen.store(usize::from(lost.is_ok()), Ordering::SeqCst);
            }
            if server.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(length @ 1..) = answers.read(&mut buffer) {
            // The server has done its work: only its word is lost.
            if doomed.load(Ordering::SeqCst) == 1 || back.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = back.shutdown(Shutdown::Both);
        let _ = answers.shutdown(Shutdown::Both);
    });
}
