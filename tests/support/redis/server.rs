//! One server.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use super::PASSWORD;
use super::certificates::Certificates;
use crate::support::wait::wait_until;

/// Ends the server when the process that holds the pipe is gone, however it ended.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
"$@" >/dev/null 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -9 "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

/// What sets a server apart from a plain one.
#[derive(Debug, Clone, Default)]
pub struct RedisSettings {
    /// Whether [`PASSWORD`] is wanted.
    pub password: bool,
    /// Whether it speaks TLS alone.
    pub tls: bool,
    /// Whether it is a Sentinel.
    pub sentinel: bool,
    /// Further arguments of redis-server.
    pub arguments: Vec<String>,
}

impl RedisSettings {
    pub fn with(arguments: &[&str]) -> RedisSettings {
        RedisSettings {
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            ..RedisSettings::default()
        }
    }
}

/// A running redis-server.
pub struct Redis {
    pub port: u16,
    settings: RedisSettings,
    folder: TempDir,
    certificates: Option<Certificates>,
    guard: Mutex<Option<Child>>,
}

impl Redis {
    /// A server that keeps nothing on disk, on a free port and a Unix socket.
    pub fn start() -> Redis {
        Redis::start_with(RedisSettings::default())
    }

    pub fn start_with(settings: RedisSettings) -> Redis {
        Redis::launch(settings)
    }

    fn launch(settings: RedisSettings) -> Redis {
        let folder = tempfile::Builder::new().prefix("service-ping-redis-").tempdir();
        let folder = folder.expect("a temporary folder");
        let server = Redis {
            port: free_port(),
            certificates: settings.tls.then(|| Certificates::make(folder.path())),
            settings,
            folder,
            guard: Mutex::default(),
        };
        server.start_again();
        server
    }

    /// Starts the stopped server, on the same port and folder.
    pub fn start_again(&self) {
        self.spawn();
        wait_until("redis-server to answer", || {
            self.try_cli(&["PING"]).as_deref() == Some("PONG")
        });
    }

    /// The same, without waiting for an answer.
    pub fn start_unready_again(&self) {
        self.spawn();
    }

    fn spawn(&self) {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "service-ping-redis", "redis-server"]);
        command.args(self.arguments()).args(&self.settings.arguments);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().expect("a shell starts");
        *self.guard.lock().unwrap() = Some(child);
    }

    fn arguments(&self) -> Vec<String> {
        let port = self.port.to_string();
        if self.settings.sentinel {
            // It writes what it learns into its file.
            let lines = format!("port {port}\nbind 127.0.0.1\nlogfile log\n");
            std::fs::write(self.folder.path().join("sentinel.conf"), lines).expect("the folder is ours");
            return vec!["sentinel.conf".to_owned(), "--sentinel".to_owned()];
        }
        let mut arguments: Vec<String> = [
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
            "--logfile",
            "log",
        ]
        .map(str::to_owned)
        .to_vec();
        let mut add = |name: &str, value: &str| arguments.extend([name.to_owned(), value.to_owned()]);
        add("--unixsocket", &self.socket().to_string_lossy());
        add("--dir", &self.folder.path().to_string_lossy());
        match &self.certificates {
            Some(certificates) => {
                add("--port", "0");
                add("--tls-port", &port);
                add("--tls-auth-clients", "no");
                add("--tls-ca-cert-file", &certificates.authority.to_string_lossy());
                add("--tls-cert-file", &certificates.certificate.to_string_lossy());
                add("--tls-key-file", &certificates.key.to_string_lossy());
            }
            None => add("--port", &port),
        }
        if self.settings.password {
            add("--requirepass", PASSWORD);
        }
        arguments
    }

    /// Kills the server on the spot.
    pub fn kill(&self) {
        if let Some(mut child) = self.guard.lock().unwrap().take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// The authority's certificate of a server with TLS.
    pub fn authority(&self) -> PathBuf {
        let certificates = self.certificates.as_ref();
        certificates.expect("this server has no TLS").authority.clone()
    }

    /// The URL, with the password where there is one.
    pub fn url(&self) -> String {
        let scheme = if self.settings.tls { "rediss" } else { "redis" };
        let login = if self.settings.password {
            format!(":{PASSWORD}@")
        } else {
            String::new()
        };
        let host = if self.settings.tls { "localhost" } else { "127.0.0.1" };
        format!("{scheme}://{login}{host}:{}", self.port)
    }

    /// What redis-cli prints for a command, without the last line's end. Panics where it fails.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let answer = self.try_cli(arguments);
        answer.unwrap_or_else(|| panic!("redis-cli {arguments:?} fails"))
    }

    /// The same, `None` where redis-cli cannot reach the server. An error of the server's is text like any other.
    pub fn try_cli(&self, arguments: &[&str]) -> Option<String> {
        let output = self.command().args(arguments).output().expect("redis-cli is installed");
        let text = String::from_utf8_lossy(&output.stdout)
            .trim_end_matches('\n')
            .to_owned();
        output.status.success().then_some(text)
    }

    /// Commands for redis-cli's standard input, a line each; their answers, a line each.
    pub fn cli_input(&self, commands: &str) -> String {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-cli is installed");
        let mut input = child.stdin.take().expect("it is piped");
        // Both ways at once, lest the pipes fill up.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || input.write_all(commands.as_bytes()).expect("redis-cli reads"));
            child.wait_with_output().expect("redis-cli ends")
        });
        String::from_utf8(output.stdout).expect("answers are text")
    }

    /// The bytes of a key, as they are.
    pub fn bytes(&self, key: &str) -> Vec<u8> {
        let output = self
            .command()
            .args(["GET", key])
            .output()
            .expect("redis-cli is installed");
        let mut bytes = output.stdout;
        assert_eq!(bytes.pop(), Some(b'\n'));
        bytes
    }

    /// Sets a key to bytes.
    pub fn set_bytes(&self, key: &str, bytes: &[u8]) {
        let mut command = self.command();
        command
            .args(["-x", "SET", key])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.spawn().expect("redis-cli is installed");
        let mut input = child.stdin.take().expect("stdin is piped");
        std::io::Write::write_all(&mut input, bytes).expect("redis-cli reads");
        drop(input);
        assert!(child.wait().expect("redis-cli ends").success());
    }

    fn command(&self) -> Command {
        cli_command(self.port, self.settings.password, self.certificates.as_ref())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn cli_command(port: u16, password: bool, certificates: Option<&Certificates>) -> Command {
    let mut command = Command::new("redis-cli");
    command.args(["--raw", "-p", &port.to_string()]);
    if let Some(certificates) = certificates {
        command
            .args(["-h", "localhost", "--tls", "--cacert"])
            .arg(&certificates.authority);
    }
    command.stdin(Stdio::null()).stderr(Stdio::null());
    if password {
        command.env("REDISCLI_AUTH", PASSWORD);
    }
    command
}

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that is free now, as is its bus port; each process begins elsewhere, and takes none twice.
pub fn free_port() -> u16 {
    let count = 11_000_u32;
    let start = std::process::id() * 53;
    for _ in 0..count {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 20_500 + u16::try_from((start + step) % count).expect("below the count");
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
    panic!("no port is free on 127.0.0.1");
}
