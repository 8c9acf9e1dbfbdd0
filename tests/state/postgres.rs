//! A real PostgreSQL for the tests of this binary: one server, a database for each test.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A password that a URL carries, and that nothing may show.
pub const PASSWORD: &str = "canary-of-the-state-store";

/// The server ends when its standard input does, that is with this process, however it ends.
const SCRIPT: &str = r#"
set -e
printf '%s' "$PASSWORD" > "$HOME/password"
"$BIN/initdb" -D "$HOME/data" -U service_ping -A scram-sha-256 --pwfile="$HOME/password" -E UTF8 --locale=C.UTF-8 -N >/dev/null
"$BIN/pg_ctl" -D "$HOME/data" -l "$HOME/log" -w -o "-F -p $PORT -k $HOME -c listen_addresses=127.0.0.1" start >/dev/null
echo ready
cat >/dev/null || true
"$BIN/pg_ctl" -D "$HOME/data" -m immediate stop >/dev/null || true
cd /
rm -rf "$HOME"
"#;

struct Server {
    port: u16,
    _shell: Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let home = tempfile::Builder::new()
            .prefix("service-ping-pg")
            .tempdir()
            .unwrap()
            .keep();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).current_dir(&home);
        command
            .env("HOME", &home)
            .env("BIN", binaries())
            .env("PORT", port.to_string())
            .env("PASSWORD", PASSWORD);
        become_unprivileged(&mut command, &home);
        let errors = std::fs::File::create(home.join("errors")).unwrap();
        let mut shell = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "ready\n", "PostgreSQL did not start; see {}", home.display());
        Server { port, _shell: shell }
    })
}

/// PostgreSQL refuses to run as root.
fn become_unprivileged(command: &mut Command, home: &Path) {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let (uid, gid) = account("postgres")
        .or_else(|| account("nobody"))
        .expect("an unprivileged account");
    std::os::unix::fs::chown(home, Some(uid), Some(gid)).unwrap();
    command.uid(uid).gid(gid);
}

fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.starts_with(&format!("{name}:")))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse::<u32>().ok())
        .max();
    PathBuf::from(format!(
        "/usr/lib/postgresql/{}/bin",
        newest.expect("a version of PostgreSQL")
    ))
}

/// The URL of a new, empty database.
pub async fn new_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("state_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let port = server().port;
    let url = |database: &str| format!("postgres://service_ping:{PASSWORD}@127.0.0.1:{port}/{database}");
    let mut connection = PgConnection::connect(&url("postgres")).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    url(&name)
}
