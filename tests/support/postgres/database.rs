//! One test's database.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::account::run;
use super::cluster::Cluster;
use super::template::TEMPLATE_DATABASE;
use super::{READER, READER_PASSWORD, SUPERUSER_PASSWORD};

static CREATED: AtomicU32 = AtomicU32::new(0);

/// A fresh database of a server, empty but for the reader's right to read what will be created in `public`. Dropped,
/// with all connections to it, when the value is.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Database<'a> {
    pub(super) fn create(cluster: &'a Cluster) -> Database<'a> {
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let statement = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE_DATABASE}");
        run(cluster.psql("postgres").args(["-c", &statement]));
        Database { cluster, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The superuser's URL through the Unix socket.
    pub fn url(&self) -> String {
        self.socket_url("postgres")
    }

    /// The superuser's URL through TCP, with its password.
    pub fn tcp_url(&self) -> String {
        self.tcp_url_of("postgres", SUPERUSER_PASSWORD)
    }

    /// The reader's URL through the Unix socket.
    pub fn reader_url(&self) -> String {
        self.socket_url(READER)
    }

    /// The reader's URL through TCP, with its password.
    pub fn reader_tcp_url(&self) -> String {
        self.tcp_url_of(READER, READER_PASSWORD)
    }

    fn socket_url(&self, user: &str) -> String {
        self.cluster.socket_url(user, &self.name)
    }

    fn tcp_url_of(&self, user: &str, password: &str) -> String {
        self.cluster.tcp_url(user, password, &self.name)
    }

    /// What psql makes of `sql` as the superuser, without the last line's end: rows on lines, fields with `|` between
    /// them, NULL as nothing. The oracle that shares no code with the engine. Panics where a statement fails.
    pub fn psql(&self, sql: &str) -> String {
        let printed = run(&mut self.psql_command(sql));
        printed.trim_end_matches('\n').to_owned()
    }

    /// As [`Database::psql`], with psql's message where a statement fails.
    pub fn try_psql(&self, sql: &str) -> Result<String, String> {
        let output = self.psql_command(sql).output().expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// Runs many statements, in one transaction.
    pub fn execute(&self, statements: &[String]) {
        let script = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(script.path(), statements.join(";\n") + ";\n").expect("the file is writable");
        run(self.cluster.psql(&self.name).arg("-1").arg("-f").arg(script.path()));
    }

    /// psql with this database, as the superuser, ready for more arguments.
    pub fn client(&self) -> Command {
        self.cluster.psql(&self.name)
    }

    fn psql_command(&self, sql: &str) -> Command {
        let mut command = self.client();
        command.args(["-c", sql]);
        command
    }

    /// The lines of the server's log that belong to this database.
    pub fn logs(&self) -> String {
        let of_this = format!("@{}/", self.name);
        let log = self.cluster.logs();
        log.lines()
            .filter(|line| line.contains(&of_this))
            .fold(String::new(), |text, line| text + line + "\n")
    }
}

impl Drop for Database<'_> {
    /// A server that is stopped or gone keeps it; its folder goes anyway.
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = self.cluster.psql("postgres").args(["-c", &statement]).output();
    }
}
