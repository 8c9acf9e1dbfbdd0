//! A gate before the receiver: what comes is passed on, and where it is told to, whoever sent it is killed before the
//! answer comes back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// The address that an instance is given, and whom it kills.
pub struct Gate {
    url: String,
    victim: Arc<Mutex<Option<Victim>>>,
}

#[derive(Clone)]
struct Victim {
    pid: u32,
    path: &'static str,
}

impl Gate {
    /// Passes everything on to the receiver at `url`. Its threads end with the process.
    pub fn before(url: &str) -> Gate {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let victim = Arc::new(Mutex::new(None));
        let shared = victim.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (target, victim) = (target.clone(), shared.clone());
                std::thread::spawn(move || drop(serve(stream, &target, &victim)));
            }
        });
        Gate { url, victim }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills nobody any more: the run was over before its request came.
    pub fn spare(&self) {
        *self.victim.lock().expect("nobody panics with it") = None;
    }

    /// The next request to `path` is taken by the receiver; its sender is killed before it hears of that.
    pub fn kill_before_answer(&self, pid: u32, path: &'static str) {
        *self.victim.lock().expect("nobody panics with it") = Some(Victim { pid, path });
    }
}

fn serve(mut client: TcpStream, target: &str, victim: &Mutex<Option<Victim>>) -> std::io::Result<()> {
    while let Some(request) = message(&mut client)? {
        let mut receiver = TcpStream::connect(target)?;
        receiver.write_all(&request)?;
        let Some(answer) = message(&mut receiver)? else {
            return Ok(());
        };
        let path = String::from_utf8_lossy(&request)
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let killed = {
            let mut victim = victim.lock().expect("nobody panics with it");
            let is_hit = victim.as_ref().is_some_and(|victim| victim.path == path);
            if is_hit { victim.take() } else { None }
        };
        if let Some(victim) = killed {
            let _ = Command::new("kill")
                .args(["-s", "KILL", &victim.pid.to_string()])
                .status();
            return Ok(());
        }
        client.write_all(&answer)?;
    }
    Ok(())
}

/// One HTTP message whose body has a length; `None` at the end of the stream.
fn message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Ok(Some(bytes));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
