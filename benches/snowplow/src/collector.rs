//! A collector that counts events and does no more: a process of its own, so that it costs each tracker the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Says its address, then how many events came by now, after each request.
pub fn serve() {
    static EVENTS: AtomicUsize = AtomicUsize::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("http://{}", listener.local_addr().expect("an address"));
    for stream in listener.incoming().map_while(Result::ok) {
        thread::spawn(move || drop(converse(stream, &EVENTS)));
    }
}

fn converse(stream: TcpStream, events: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1024, stream.try_clone()?);
    let mut stream = stream;
    let mut line = String::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let text = line.trim_end().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let found = body.windows(6).filter(|window| window == b"\"eid\":").count();
        let all = events.fetch_add(found, Ordering::SeqCst) + found;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok")?;
        println!("{all}");
    }
}

/// A collector that runs until this is dropped.
pub struct Collector {
    child: Child,
    counts: Receiver<usize>,
    pub url: String,
}

impl Collector {
    pub fn start() -> Collector {
        let own = std::env::current_exe().expect("this program");
        let mut child = Command::new(own)
            .arg("collector")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut url = String::new();
        lines.read_line(&mut url).expect("its address");
        let (sender, counts) = channel();
        thread::spawn(move || forward(lines, &sender));
        Collector {
            child,
            counts,
            url: url.trim().to_owned(),
        }
    }

    /// Waits until so many events have come.
    pub fn wait_for(&self, events: usize) {
        while self.counts.recv().expect("it lives") < events {}
    }
}

fn forward(lines: BufReader<ChildStdout>, counts: &std::sync::mpsc::Sender<usize>) {
    for line in lines.lines().map_while(Result::ok) {
        if line.parse().is_ok_and(|count| counts.send(count).is_err()) {
            return;
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
