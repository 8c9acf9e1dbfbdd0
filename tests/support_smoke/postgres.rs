use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::{Connection, PgConnection, Row};

use crate::support::postgres::{Postgres, READER, READER_PASSWORD};
use crate::support::wait::wait_until;

#[test]
fn two_databases_are_isolated() {
    let (one, two) = (Postgres::shared().database(), Postgres::shared().database());
    one.psql("CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    assert_eq!(one.psql("SELECT id, NULL FROM t ORDER BY id"), "1|\n2|");
    let missing = two
        .try_psql("SELECT * FROM t")
        .expect_err("the other database has no such table");
    assert!(missing.contains("relation \"t\" does not exist"), "{missing}");
}

#[test]
fn a_dropped_database_is_gone_with_its_connections() {
    let database = Postgres::shared().database();
    let (name, url) = (database.name().to_owned(), database.url());
    block_on(async {
        let mut connection = PgConnection::connect(&url).await.expect("it connects");
        drop(database);
        sqlx::query("SELECT 1")
            .execute(&mut connection)
            .await
            .expect_err("the connection was ended");
    });
    let other = Postgres::shared().database();
    let count = other.psql(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"));
    assert_eq!(count, "0");
}

#[test]
fn every_url_connects_as_who_it_says() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE t (id bigint); INSERT INTO t VALUES (7)");
    let urls = [
        (database.url(), "postgres", true),
        (database.tcp_url(), "postgres", false),
        (database.reader_url(), READER, true),
        (database.reader_tcp_url(), READER, false),
    ];
    block_on(async {
        for (url, user, by_socket) in urls {
            let mut connection = PgConnection::connect(&url)
                .await
                .unwrap_or_else(|error| panic!("{url}: {error}"));
            let query = "SELECT current_user::text, current_database()::text, inet_server_addr() IS NULL, id FROM t";
            let row = sqlx::query(query)
                .fetch_one(&mut connection)
                .await
                .expect("everyone may read");
            assert_eq!(row.get::<String, _>(0), user);
            assert_eq!(row.get::<String, _>(1), database.name());
            assert_eq!(row.get::<bool, _>(2), by_socket);
            assert_eq!(row.get::<i64, _>(3), 7);
        }
    });
}

#[test]
fn the_reader_only_reads_and_its_password_counts() {
    let database = Postgres::shared().database();
    database.psql("CREATE TABLE t (id bigint)");
    let refused = "SET ROLE service_ping; INSERT INTO t VALUES (1)";
    let message = database.try_psql(refused).expect_err("the reader must not write");
    assert!(message.contains("permission denied for table t"), "{message}");
    let wrong = database.reader_tcp_url().replace(READER_PASSWORD, "wrong");
    block_on(async {
        let error = PgConnection::connect(&wrong)
            .await
            .expect_err("a wrong password is refused");
        assert!(error.to_string().contains("password authentication failed"), "{error}");
    });
}

#[test]
fn the_log_holds_statements_and_who_sent_them() {
    let database = Postgres::shared().database();
    database.psql("SET application_name = 'smoke'; SELECT 4711");
    let log = database.logs();
    assert!(log.contains("SELECT 4711"), "{log}");
    let silent = Postgres::shared().database();
    assert!(!silent.logs().contains("4711"));
}

#[test]
fn a_restart_keeps_port_and_data() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    database.psql("CREATE TABLE t (id bigint); INSERT INTO t VALUES (1)");
    let (port, url) = (postgres.port(), database.tcp_url());
    postgres.stop();
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "a stopped server does not listen"
    );
    database
        .try_psql("SELECT 1")
        .expect_err("a stopped server does not answer");
    postgres.start();
    assert_eq!((postgres.port(), database.tcp_url()), (port, url));
    assert_eq!(database.psql("SELECT count(*) FROM t"), "1");
}

#[test]
fn nothing_is_left_of_a_dropped_server() {
    let postgres = Postgres::dedicated();
    let (port, folder) = (postgres.port(), postgres.folder().to_owned());
    let postmaster = postmaster(&folder);
    assert!(is_alive(postmaster));
    drop(postgres);
    assert!(!folder.exists(), "{} is left", folder.display());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    wait_until("the server's end", || !is_alive(postmaster));
}

#[test]
fn nothing_is_left_when_the_tests_are_killed() {
    let mut holder = Command::new(std::env::current_exe().expect("this test has a path"))
        .args([
            "--exact",
            "postgres::holds_a_server_until_killed",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(HOLDER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs itself");
    let lines = BufReader::new(holder.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok);
    let folder = lines
        .filter_map(|line| line.split_once("holds ").map(|(_, folder)| folder.to_owned()))
        .next();
    let folder = folder.expect("the other process says where its server is");
    let postmaster = postmaster(Path::new(&folder));
    assert!(is_alive(postmaster));
    holder.kill().expect("it is ours to kill");
    holder.wait().expect("it is ours to wait for");
    wait_until("the watchdog", || !Path::new(&folder).exists() && !is_alive(postmaster));
}

const HOLDER: &str = "SERVICE_PING_TEST_HOLDS_A_SERVER";

/// The other process of the test above; by itself it has nothing to show.
#[test]
fn holds_a_server_until_killed() {
    if std::env::var_os(HOLDER).is_none() {
        return;
    }
    let postgres = Postgres::dedicated();
    println!("holds {}", postgres.folder().display());
    // The end of the pipe, should the parent die first, ends this too.
    let _ = std::io::stdin().lines().count();
}

/// The server's process id, from its own file; only the server's account may read it otherwise.
fn postmaster(folder: &Path) -> u32 {
    let file = folder.join("data/postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
        .expect("the first line is a process id")
}

/// Whether the process runs; one that ended but was not waited for does not.
fn is_alive(process: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &process.to_string()])
        .output()
        .expect("ps runs");
    let state = String::from_utf8_lossy(&output.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(future)
}
