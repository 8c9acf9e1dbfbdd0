//! A program on a pseudo-terminal of 80 columns, typed at and read from.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use nix::pty::{Winsize, openpty};
use regex::Regex;

use crate::support::cli::Cli;
use crate::support::wait::PATIENCE;

pub struct Pty {
    child: Child,
    keys: File,
    output: Receiver<Vec<u8>>,
    raw: Vec<u8>,
    /// How much of the output, its escape sequences left out, was expected already.
    read: usize,
    escapes: Regex,
}

impl Pty {
    /// Starts the binary in a session whose terminal this is.
    pub fn start(cli: &Cli, arguments: &[&str]) -> Pty {
        let size = Winsize {
            ws_row: 40,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).expect("a pseudo-terminal");
        let end = || Stdio::from(pty.slave.try_clone().expect("another handle"));
        let wanted = cli.command(arguments);
        let mut command = Command::new("setsid");
        command
            .arg("--ctty")
            .arg(wanted.get_program())
            .args(wanted.get_args())
            .current_dir(cli.folder())
            .env_clear()
            .envs(wanted.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(end());
        let child = command.spawn().expect("the binary runs");
        drop((command, pty.slave));
        let keys = File::from(pty.master);
        let mut screen = keys.try_clone().expect("another handle");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The terminal ends with the program.
            while let Ok(bytes @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..bytes].to_vec()).is_err() {
                    return;
                }
            }
        });
        Pty {
            child,
            keys,
            output,
            raw: Vec::new(),
            read: 0,
            escapes: Regex::new("\x1b\\[[0-9;?]*[A-Za-z]").expect("a pattern"),
        }
    }

    pub fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Reads up to one of the texts and past it: which one, and what was read.
    pub fn expect_any(&mut self, texts: &[&str]) -> (usize, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown();
            let rest = &shown[self.read.min(shown.len())..];
            let found = texts
                .iter()
                .enumerate()
                .filter_map(|(index, text)| Some((rest.find(text)?, index)));
            if let Some((at, index)) = found.min() {
                let end = at + texts[index].len();
                self.read += end;
                return (index, rest[..end].to_owned());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.raw.extend(bytes),
                Err(_) => panic!("none of {texts:?} came; on the screen:\n{shown}"),
            }
        }
    }

    pub fn expect(&mut self, text: &str) -> String {
        self.expect_any(&[text]).1
    }

    fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw);
        // A sequence whose end is still to come is not shown yet.
        let whole = match text.rfind('\x1b') {
            Some(at) if self.escapes.find_at(&text, at).is_none() => &text[..at],
            _ => &text[..],
        };
        self.escapes.replace_all(whole, "").into_owned()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A console on a pseudo-terminal.
pub struct Prompt(pub Pty);

pub const PROMPT: &str = "service-ping> ";

impl Prompt {
    pub fn open(cli: &Cli, arguments: &[&str]) -> Prompt {
        let mut pty = Pty::start(cli, &[&["console"], arguments].concat());
        pty.expect("Ctrl-D quits");
        pty.expect(PROMPT);
        Prompt(pty)
    }

    /// What an expression gives.
    pub fn value(&mut self, line: &str) -> serde_json::Value {
        self.0.send(&format!("{line}\r"));
        self.answer()
    }

    /// The value that comes next.
    pub fn answer(&mut self) -> serde_json::Value {
        self.0.expect("\n=> ");
        let shown = self.0.expect("\r\n");
        self.0.expect(PROMPT);
        serde_json::from_str(shown.trim()).unwrap_or_else(|error| panic!("{error}: {shown}"))
    }

    pub fn quit(mut self) {
        self.0.send("\x04");
        assert_eq!(self.0.end_now(), Some(0));
    }
}

impl Pty {
    fn end_now(&mut self) -> Option<i32> {
        self.child.wait().expect("the program is ours to wait for").code()
    }
}
