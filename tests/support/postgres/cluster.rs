//! One server: its folder, port and life.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::{Account, run};
use super::binaries::Binaries;
use super::template::{append_settings, copy_to};
use super::watchdog::{Owner, Watchdog};
use super::{Setup, processes};

/// Ports that the system does not give to outgoing connections, and that leave room for a bus port 10,000 above.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Another process may take a port between our look and the server's start.
const ATTEMPTS: usize = 10;

/// A PostgreSQL server in a temporary folder.
pub struct Cluster {
    pub folder: PathBuf,
    pub port: u16,
    account: Account,
    binaries: Binaries,
    /// The one processor that the server's processes may use; all where none is named.
    core: Option<usize>,
    /// `None` where another process started the server, and watches over it.
    _watchdog: Option<Watchdog>,
}

impl Cluster {
    /// A new server that ends with its owner. `meeting` is a file that is removed with it.
    pub fn start(owner: Owner, meeting: Option<&Path>) -> Cluster {
        Cluster::made(owner, meeting, &Setup::default(), |data, account, binaries| {
            copy_to(data, account, binaries);
        })
    }

    /// A new server that ends with this value, over the data that `fill` lays at the path it is given.
    pub fn of_data(setup: &Setup, fill: impl FnOnce(&Path, &Account, &Binaries)) -> Cluster {
        Cluster::made(Owner::ThisValue, None, setup, fill)
    }

    fn made(
        owner: Owner,
        meeting: Option<&Path>,
        setup: &Setup,
        fill: impl FnOnce(&Path, &Account, &Binaries),
    ) -> Cluster {
        let (account, binaries) = (Account::find(), Binaries::find());
        let folder = folder(&account);
        let watchdog = Watchdog::start(&owner, &folder, &account, &binaries, meeting);
        fill(&folder.join("data"), &account, &binaries);
        append_settings(&folder.join("data"), &setup.settings);
        let mut cluster = Cluster {
            folder,
            port: 0,
            account,
            binaries,
            core: setup.core,
            _watchdog: Some(watchdog),
        };
        cluster.start_on_a_free_port();
        cluster
    }

    /// A server that another process started.
    pub fn join(folder: PathBuf, port: u16) -> Cluster {
        Cluster {
            folder,
            port,
            account: Account::find(),
            binaries: Binaries::find(),
            core: None,
            _watchdog: None,
        }
    }

    fn start_on_a_free_port(&mut self) {
        for _ in 0..ATTEMPTS {
            self.port = free_port();
            let socket = self.folder.display();
            let listen = format!("listen_addresses = '127.0.0.1'\nunix_socket_directories = '{socket}'\n");
            append_settings(&self.data(), &format!("{listen}port = {}\n", self.port));
            if self.try_start() {
                return;
            }
        }
        panic!("PostgreSQL does not start:\n{}", self.logs());
    }

    /// Starts the stopped server again, on its port.
    pub fn resume(&self) {
        assert!(self.try_start(), "PostgreSQL does not start again:\n{}", self.logs());
    }

    fn try_start(&self) -> bool {
        let log = self.folder.join("log").display().to_string();
        let status = self.pg_ctl(&["-l", &log, "start"]).output();
        status.expect("pg_ctl runs").status.success()
    }

    /// Stops the server; it ends its connections and writes all to disk.
    pub fn stop(&self) {
        run(&mut self.pg_ctl(&["-m", "fast", "stop"]));
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Command {
        let program = self.binaries.program("pg_ctl");
        let mut command = match self.core {
            // What the server starts inherits it.
            Some(core) => {
                let mut command = self.account.command("taskset".as_ref());
                command.args(["-c", &core.to_string()]).arg(program);
                command
            }
            None => self.account.command(&program),
        };
        command
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-t", "60"])
            .args(arguments);
        command
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The server's first process; `None` where it does not run.
    pub fn postmaster(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let id: u32 = text.lines().next()?.parse().ok()?;
        processes::lives(id).then_some(id)
    }

    pub fn logs(&self) -> String {
        let log = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The URL of a database for a user, through the Unix socket.
    pub fn socket_url(&self, user: &str, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{socket}:{}/{database}", self.port)
    }

    /// The URL of a database for a user, through TCP.
    pub fn tcp_url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// `psql`, as the superuser through the socket, with unaligned rows and nothing else in its output.
    pub fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.binaries.program("psql"));
        command
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"])
            .arg(&self.folder);
        command.args(["-p", &self.port.to_string()]).env_remove("PGOPTIONS");
        command
    }
}

/// A new folder that the account owns and can reach, with a path short enough for a socket's name in it.
pub fn folder(account: &Account) -> PathBuf {
    let mut builder = tempfile::Builder::new();
    let folder = builder.prefix("service-ping-pg-").tempdir_in(reachable_base(account));
    let folder = folder.expect("a temporary folder").keep();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("the folder is ours");
    account.own(&folder);
    folder
}

/// The system's folder for temporary files, unless its path is long or the account cannot enter it.
fn reachable_base(account: &Account) -> PathBuf {
    /// A socket's path may have 107 bytes; the folder's and the socket's own names need some 45.
    const LONGEST: usize = 60;
    let base = std::env::temp_dir();
    let listed = account.command("ls".as_ref()).arg("-d").arg(base.join(".")).output();
    let reachable = listed.is_ok_and(|output| output.status.success());
    if reachable && base.as_os_str().len() <= LONGEST {
        base
    } else {
        PathBuf::from("/tmp")
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    // Each process begins elsewhere, so that many at once rarely meet.
    let start = usize::try_from(std::process::id()).unwrap_or_default() * 37;
    let count = usize::from(PORTS.end - PORTS.start);
    let candidates = (0..count).map(|step| PORTS.start + u16::try_from((start + step) % count).unwrap_or_default());
    let mut free = candidates.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a free port on 127.0.0.1")
}
