//! An initialised data folder, made once and copied for every server.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::{Account, run};
use super::binaries::Binaries;
use super::{READER, READER_PASSWORD, SUPERUSER_PASSWORD};

/// The database that each test's own is a copy of.
pub const TEMPLATE_DATABASE: &str = "harness_template";

/// Fast, as nothing has to survive a crash of the machine; the same for every run, as plans must not depend on when
/// autovacuum came by. A test that wants statistics says ANALYZE.
const SETTINGS: &str = "
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 200
shared_buffers = 32MB
timezone = 'UTC'
log_statement = all
log_line_prefix = '%m [%p] %q%u@%d/%a '
";

/// Only the superuser and, per database, the reader come in; over TCP both need their password.
fn bootstrap() -> String {
    format!(
        "CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}';
         CREATE DATABASE {TEMPLATE_DATABASE};
         \\connect {TEMPLATE_DATABASE}
         GRANT USAGE ON SCHEMA public TO {READER};
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {READER};"
    )
}

/// Fills `data`, which must not exist yet, from the template; makes the template where this is the first to ask.
pub fn copy_to(data: &Path, account: &Account, binaries: &Binaries) {
    let template = location(account, binaries);
    let lock = File::create(template.with_extension("lock")).expect("the target folder is writable");
    lock.lock().expect("a lock on the template");
    if !template.exists() {
        make(&template, account, binaries);
    }
    drop(lock);
    run(Command::new("cp").arg("-a").arg(&template).arg(data));
}

/// Named for all that it is made of, so that a change makes a new one.
fn location(account: &Account, binaries: &Binaries) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (SETTINGS, bootstrap(), binaries.version, account.name()).hash(&mut hasher);
    let name = format!("postgres-{}-{:016x}", binaries.version, hasher.finish());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Makes the template where the account may write, then moves a copy to its place in one step.
fn make(template: &Path, account: &Account, binaries: &Binaries) {
    let scratch = super::cluster::folder(account);
    let data = scratch.join("data");
    initialise(&scratch, account, binaries);
    set_up(&scratch, account, binaries);
    let partial = template.with_extension("partial");
    let _ = std::fs::remove_dir_all(&partial);
    run(Command::new("cp").arg("-a").arg(&data).arg(&partial));
    std::fs::rename(&partial, template).expect("the template moves to its place");
    std::fs::remove_dir_all(&scratch).expect("the scratch folder is ours");
}

fn initialise(scratch: &Path, account: &Account, binaries: &Binaries) {
    let password = scratch.join("password");
    std::fs::write(&password, SUPERUSER_PASSWORD).expect("the scratch folder is writable");
    account.own(&password);
    let mut initdb = account.command(&binaries.program("initdb"));
    initdb.args(["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]);
    initdb.args(["--encoding=UTF8", "--no-locale", "--no-sync"]);
    run(initdb
        .arg("--pwfile")
        .arg(&password)
        .arg("--pgdata")
        .arg(scratch.join("data")));
    append_settings(&scratch.join("data"), SETTINGS);
}

/// Runs the bootstrap in a server without TCP.
fn set_up(scratch: &Path, account: &Account, binaries: &Binaries) {
    let data = scratch.join("data");
    let listen = format!(
        "listen_addresses = ''\nunix_socket_directories = '{}'\n",
        scratch.display()
    );
    append_settings(&data, &listen);
    let pg_ctl = |arguments: &[&str]| {
        let mut command = account.command(&binaries.program("pg_ctl"));
        run(command.arg("-D").arg(&data).arg("-w").args(arguments));
    };
    pg_ctl(&["-l", &scratch.join("log").display().to_string(), "start"]);
    let script = scratch.join("bootstrap.sql");
    std::fs::write(&script, bootstrap()).expect("the scratch folder is writable");
    let mut psql = Command::new(binaries.program("psql"));
    psql.args(["-Xq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres", "-h"])
        .arg(scratch);
    run(psql.arg("-f").arg(&script));
    pg_ctl(&["-m", "fast", "stop"]);
}

/// Adds settings to a data folder; of several values for one name the last holds.
pub fn append_settings(data: &Path, settings: &str) {
    use std::io::Write;
    let file = File::options().append(true).open(data.join("postgresql.conf"));
    let written = file.and_then(|mut file| file.write_all(settings.as_bytes()));
    written.expect("postgresql.conf is writable");
}
