//! Real PostgreSQL servers for tests.
//!
//! [`Postgres::shared`] is one server for the whole run, with a fresh database for each test; [`Postgres::dedicated`] is
//! a server of the test's own, to stop and start. Each lives in a temporary folder and ends with its tests, also when
//! they fail or are killed: a watchdog process sees to it.

mod account;
mod binaries;
mod cluster;
mod database;
mod processes;
mod replica;
mod shared;
mod template;
mod watchdog;

use cluster::Cluster;
pub use database::Database;
pub use replica::Replica;

/// The superuser's password, for TCP; the socket asks for none. Tests look for it where it must not be.
pub const SUPERUSER_PASSWORD: &str = "correct-horse-battery";
/// The role that may connect and read tables of the schema `public`, no more.
pub const READER: &str = "service_ping";
/// The reader's password, for TCP; the socket asks for none. Tests look for it where it must not be.
pub const READER_PASSWORD: &str = "staple-hunter-seven";

/// What is special about a server.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Lines of `postgresql.conf`, after the harness's own.
    pub settings: String,
    /// The one processor that the server's processes may use; all where none is named.
    pub core: Option<usize>,
}

/// A running PostgreSQL server.
pub struct Postgres {
    cluster: Cluster,
}

impl Postgres {
    /// The server that the tests of this run share: of this process under `cargo test`, of all processes of one run
    /// under nextest. It is started by the first who asks. Never stop it.
    pub fn shared() -> &'static Postgres {
        shared::shared()
    }

    /// A server of the caller's own; it and its data are gone when this is dropped.
    pub fn dedicated() -> Postgres {
        Postgres {
            cluster: Cluster::start(watchdog::Owner::ThisValue, None),
        }
    }

    /// As [`Postgres::dedicated`], set up as the caller says.
    pub fn dedicated_with(setup: &Setup) -> Postgres {
        let cluster = Cluster::of_data(setup, template::copy_to);
        Postgres { cluster }
    }

    /// A streaming replica of this server as it is now, which must be one of the caller's own: what is written from now on
    /// follows by itself ([`Replica::wait_until_caught_up`]).
    pub fn replica(&self, setup: &Setup) -> Replica {
        Replica::of(&self.cluster, setup)
    }

    /// The ids of all the server's processes, its first one first; none where it does not run.
    pub fn pids(&self) -> Vec<u32> {
        processes::family(self.cluster.postmaster())
    }

    /// A fresh database, dropped with the value.
    pub fn database(&self) -> Database<'_> {
        Database::create(&self.cluster)
    }

    /// Stops the server as an administrator would: it ends every connection (SQLSTATE 57P01), and its data stay.
    pub fn stop(&self) {
        self.cluster.stop();
    }

    /// Starts the stopped server again, with the same data, port and socket.
    pub fn start(&self) {
        self.cluster.resume();
    }

    /// The port on 127.0.0.1, and of the socket.
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The folder that holds the socket, the data and the log.
    pub fn folder(&self) -> &std::path::Path {
        &self.cluster.folder
    }

    /// The server's log so far: every statement, each line with `pid user@database/application_name`.
    pub fn logs(&self) -> String {
        self.cluster.logs()
    }
}
