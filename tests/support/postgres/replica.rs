//! A streaming replica of a dedicated server.

use std::path::Path;
use std::process::Command;

use super::super::wait::wait_until;
use super::account::{Account, run};
use super::binaries::Binaries;
use super::cluster::Cluster;
use super::template::append_settings;
use super::{READER, Setup, processes};

/// What a replica has beside its primary's settings: shared memory that goes with its folder, however it ends, and no
/// query cancelled for what the primary does meanwhile.
const SETTINGS: &str = "
dynamic_shared_memory_type = mmap
max_standby_streaming_delay = -1
wal_retrieve_retry_interval = 100ms
";

/// A server that follows another; it and its data are gone when this is dropped.
pub struct Replica {
    cluster: Cluster,
}

impl Replica {
    pub(super) fn of(primary: &Cluster, setup: &Setup) -> Replica {
        let setup = Setup {
            settings: format!("{SETTINGS}{}\n", setup.settings),
            core: setup.core,
        };
        let cluster = Cluster::of_data(&setup, |data, account, binaries| {
            copy(primary, data, account, binaries);
        });
        Replica { cluster }
    }

    /// Waits until all that `primary` has written so far is here.
    pub fn wait_until_caught_up(&self, primary: &super::Postgres) {
        // A commit that is flushed, as the primary sends nothing that is not; its own commits may be waiting for that.
        let flushed = "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, '', '')";
        run(primary.cluster.psql("postgres").args(["-c", flushed]));
        let place = run(primary
            .cluster
            .psql("postgres")
            .args(["-c", "SELECT pg_current_wal_flush_lsn()"]));
        let asked = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", place.trim());
        wait_until("the replica to catch up", || self.psql("postgres", &asked) == "t");
    }

    /// The superuser's URL of a database through the Unix socket.
    pub fn url(&self, database: &str) -> String {
        self.cluster.socket_url("postgres", database)
    }

    /// The reader's URL of a database through the Unix socket.
    pub fn reader_url(&self, database: &str) -> String {
        self.cluster.socket_url(READER, database)
    }

    /// What psql makes of `sql` here, as [`super::Database::psql`] does on the primary.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let printed = run(self.cluster.psql(database).args(["-c", sql]));
        printed.trim_end_matches('\n').to_owned()
    }

    /// The port on 127.0.0.1, and of the socket.
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The folder that holds the socket, the data and the log.
    pub fn folder(&self) -> &Path {
        &self.cluster.folder
    }

    /// The server's log so far.
    pub fn logs(&self) -> String {
        self.cluster.logs()
    }

    /// The ids of all its processes, its first one first; none where it does not run.
    pub fn pids(&self) -> Vec<u32> {
        processes::family(self.cluster.postmaster())
    }

    /// Stops it as an administrator would.
    pub fn stop(&self) {
        self.cluster.stop();
    }

    /// Starts the stopped or killed replica again, with the same data, port and socket.
    pub fn start(&self) {
        self.cluster.resume();
    }

    /// SIGKILL for all its processes at once; returns when they are gone.
    pub fn kill(&self) {
        let first = self.cluster.postmaster();
        // Stopped, it starts no process that we would miss.
        processes::signal("STOP", first.as_slice());
        let all = processes::family(first);
        processes::signal("KILL", &all);
        wait_until("the end of killed processes", || {
            !all.iter().any(|id| processes::lives(*id))
        });
        self.clear_up();
    }

    /// What a killed server leaves: a small System V segment, which goes with no folder, and two files with its id, which
    /// keep another start back as long as nobody has waited for the process.
    fn clear_up(&self) {
        let path = self.cluster.data().join("postmaster.pid");
        let file = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(segment) = file.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
            let _ = Command::new("ipcrm").args(["-m", segment]).output();
        }
        let lock = self.cluster.folder.join(format!(".s.PGSQL.{}.lock", self.cluster.port));
        for left in [path, lock] {
            let _ = std::fs::remove_file(left);
        }
    }
}

/// Fills `data` with a copy of what `primary` has, which follows it from then on.
fn copy(primary: &Cluster, data: &Path, account: &Account, binaries: &Binaries) {
    let mut backup = account.command(&binaries.program("pg_basebackup"));
    backup.args([
        "--write-recovery-conf",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--no-sync",
        "-U",
        "postgres",
    ]);
    backup
        .arg("-h")
        .arg(&primary.folder)
        .args(["-p", &primary.port.to_string()]);
    run(backup.arg("-D").arg(data));
    // The copy's own settings end with its primary's address.
    append_settings(data, "hot_standby = on\n");
}
