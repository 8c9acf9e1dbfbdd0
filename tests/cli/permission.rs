//! Whether anything leaves by what the product's own database says: its switch, its licence, and a single user who was
//! not asked yet (spec 12.2).

use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use serde_json::json as object;

use crate::instance::{NOW, UUID, database, json, small};
use crate::receiver::{Receiver, metadata, payloads};
use crate::support::cli::{Cli, Outcome};
use crate::support::postgres::{Database, Postgres};

const QUERIES: &str = r#"
[reporting]
setting = "SELECT reports FROM switches"
single_user = "SELECT admin, created_at FROM users WHERE NOT bot -- people"
licensed = "SELECT count(*) FROM licences WHERE in_force"
operational_metrics = "SELECT operational FROM licences ORDER BY id DESC"
"#;
/// An administrator of a week and a second at [`NOW`], and a bot.
const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, admin BOOLEAN, created_at TIMESTAMP, bot BOOLEAN); \
     INSERT INTO users VALUES (1, TRUE, '2026-11-12 10:54:29', FALSE), (2, TRUE, '2020-01-01 00:00:00', TRUE); \
     CREATE TABLE switches (reports BOOLEAN); \
     INSERT INTO switches VALUES (TRUE); \
     CREATE TABLE licences (id INTEGER PRIMARY KEY, in_force BOOLEAN, operational BOOLEAN)";
const ALL: &str = r#"{"license": {"plan": "free"}, "counts": {"admins": 2, "users": 2}}"#;

/// An instance with a receiver, and what its database is.
struct Product<'a> {
    cli: Cli,
    receiver: Receiver,
    server: Option<Database<'a>>,
    /// How many runs there were.
    runs: Cell<u32>,
}

impl Product<'_> {
    fn on_sqlite() -> Product<'static> {
        let cli = small();
        std::fs::remove_file(cli.folder().join("product.db")).expect("it was there");
        database(&cli.folder().join("product.db"), TABLES);
        Product::with(cli, None)
    }

    fn on_postgresql<'a>() -> Product<'a> {
        let database = Postgres::shared().database();
        database.psql(TABLES);
        let cli = small();
        let config = cli.read("service-ping.toml");
        let here = config.replace("sqlite://product.db", &database.reader_url());
        cli.write("service-ping.toml", &here);
        Product::with(cli, Some(database))
    }

    fn with(cli: Cli, server: Option<Database<'_>>) -> Product<'_> {
        let receiver = Receiver::start(&cli);
        let config = cli.read("service-ping.toml");
        let lines = format!("{config}[versions]\nurl = \"{}\"\n{QUERIES}", receiver.url);
        cli.write("service-ping.toml", &lines);
        Product {
            cli,
            receiver,
            server,
            runs: Cell::new(0),
        }
    }

    fn execute(&self, sql: &str) {
        match &self.server {
            Some(server) => drop(server.psql(sql)),
            None => sqlite(&self.cli.folder().join("product.db"), sql),
        }
    }

    /// What the switch says, whether the licence agrees to operational metrics, and whether the user is an administrator
    /// who is to be asked.
    fn say(&self, setting: bool, operational: bool, is_to_be_asked: bool) {
        self.execute(&format!("UPDATE switches SET reports = {setting}"));
        self.execute("DELETE FROM licences");
        // One that ran out: it is not in force, and its word on operational metrics is still the last.
        self.execute(&format!("INSERT INTO licences VALUES (1, FALSE, {operational})"));
        self.execute(&format!("UPDATE users SET admin = {is_to_be_asked} WHERE id = 1"));
    }

    /// An instant of its own for each run, all in the second of [`NOW`].
    fn now(&self) -> String {
        self.runs.set(self.runs.get() + 1);
        NOW.replace('Z', &format!(".{:03}Z", self.runs.get()))
    }

    fn run(&self, code: i32) -> Outcome {
        self.cli.run(&["run", "--now", &self.now()]).expect_code(code)
    }

    fn arrived(self) -> Vec<String> {
        self.receiver.stop();
        let payloads = payloads(&self.cli);
        assert_eq!(payloads.len(), metadata(&self.cli).len());
        payloads.into_iter().map(|payload| payload.payload).collect()
    }
}

fn sqlite(file: &Path, sql: &str) {
    let sql: &'static str = String::leak(sql.to_owned());
    database(file, sql);
}

/// Each row of the table: setting, licence with operational metrics, consent is needed, reporting is allowed.
fn the_truth_table(product: Product<'_>) {
    let rows = [
        (true, true, false, true),
        (false, true, true, false),
        (false, true, false, true),
        (true, true, true, false),
        (true, false, false, true),
        (true, false, true, false),
        (false, false, false, false),
        (false, false, true, false),
    ];
    let mut sent = 0;
    for (setting, operational, needed, allowed) in rows {
        let row = format!("{setting} {operational} {needed}");
        product.say(setting, operational, needed);
        let run = product.cli.run(&["run", "--now", &product.now()]);
        assert_eq!(
            run.code,
            Some(if allowed { 0 } else { 6 }),
            "{row}: {}\n{}",
            run.stdout,
            run.stderr
        );
        sent += usize::from(allowed);
        assert_eq!(payloads(&product.cli).len(), sent, "{row}");
        for verb in [&["submit"][..], &["bundle", "export"]] {
            let refused = product.cli.run(verb).code == Some(6);
            assert_eq!(refused, !allowed, "{row}: {verb:?}");
        }
        let preview = product.cli.run(&["preview", "--now", NOW]).expect_code(0);
        assert_eq!(preview.stderr.contains("nothing leaves: "), !allowed, "{row}");
        assert_eq!(json(&preview.stdout)["uuid"], UUID, "{row}");
    }
    // What the licence alone allows has no optional metrics: of three, that was the second.
    let arrived = product.arrived();
    let optional = |payload: &String| json(payload)["counts"].get("admins").is_some();
    assert_eq!(arrived.iter().map(optional).collect::<Vec<bool>>(), [true, false, true]);
}

#[test]
fn the_truth_table_on_sqlite() {
    the_truth_table(Product::on_sqlite());
}

#[test]
fn the_truth_table_on_postgresql() {
    the_truth_table(Product::on_postgresql());
}

/// What a single user is told, and what their answer does.
fn a_single_user(product: Product<'_>) {
    let run = product.run(6);
    assert!(
        run.stdout.contains("nothing sent: the only user of this instance"),
        "{}",
        run.stdout
    );
    for part in ["preview", "consent accept --all", "enabled = false"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    let mut all = json(ALL);
    all["uuid"] = UUID.into();
    let kept = product.cli.run(&["preview", "--last"]).expect_code(0);
    assert_eq!(json(&kept.stdout), all);
    let submit = product.cli.run(&["submit"]).expect_code(6);
    assert!(submit.stderr.contains("consent accept --all"), "{}", submit.stderr);
    product.cli.run(&["consent", "accept", "--all"]).expect_code(0);
    // What was kept before the answer stays.
    product.cli.run(&["submit"]).expect_code(0);
    assert_eq!(payloads(&product.cli).len(), 0);
    product.run(0);
    assert_eq!(payloads(&product.cli).len(), 1);
    let revoked = product.cli.run(&["consent", "revoke", "*"]).expect_code(0);
    assert!(revoked.stderr.contains("nothing leaves while"), "{}", revoked.stderr);
    product.run(6);
    // A licence answers for its user; so do a second person, and an administrator's first week.
    product.execute("INSERT INTO licences VALUES (1, TRUE, FALSE)");
    product.run(0);
    product.execute("UPDATE licences SET in_force = FALSE");
    product.run(6);
    product.execute("INSERT INTO users VALUES (3, FALSE, '2026-11-19 00:00:00', FALSE)");
    product.run(0);
    product.execute("UPDATE users SET bot = TRUE WHERE id = 3");
    product.run(6);
    product.execute("UPDATE users SET created_at = '2026-11-12 10:54:31' WHERE id = 1");
    product.run(0);
    product.execute("UPDATE users SET created_at = NULL WHERE id = 1");
    product.run(6);
    assert_eq!(product.arrived().len(), 4);
}

#[test]
fn a_single_user_is_asked_on_sqlite() {
    a_single_user(Product::on_sqlite());
}

#[test]
fn a_single_user_is_asked_on_postgresql() {
    a_single_user(Product::on_postgresql());
}

#[test]
fn instants_with_a_zone_are_read_whatever_the_form_of_dates() {
    let product = Product::on_postgresql();
    let name = product.server.as_ref().expect("a server").name().to_owned();
    product.execute("ALTER TABLE users ALTER created_at TYPE TIMESTAMPTZ USING created_at AT TIME ZONE 'UTC'");
    product.execute(&format!("ALTER DATABASE {name} SET datestyle = 'German'"));
    product.execute(&format!("ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'"));
    product.run(6);
    product.execute("UPDATE users SET created_at = created_at + interval '2 seconds' WHERE id = 1");
    product.run(0);
}

#[test]
fn enabled_and_the_setting_are_both_needed_and_silence_outranks_the_licence() {
    let product = Product::on_sqlite();
    product.say(true, false, false);
    let run = |variables: &[(&str, &str)]| {
        let mut command: Command = product.cli.command(&["run", "--now", &product.now()]);
        let output = command.envs(variables.iter().copied()).output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let off = ("SERVICE_PING__REPORTING__ENABLED", "false");
    let (code, says) = run(&[off]);
    assert!(code == Some(6) && says.contains("reporting.enabled is false"), "{says}");
    product.say(false, false, false);
    let (code, says) = run(&[]);
    assert!(
        code == Some(6) && says.contains("the product's own setting is off"),
        "{says}"
    );
    assert!(says.contains("nothing was measured"), "{says}");
    product.say(false, true, false);
    assert_eq!(run(&[off, ("DO_NOT_TRACK", "1")]).0, Some(6));
    assert_eq!(run(&[off]).0, Some(0));
    assert_eq!(product.arrived().len(), 1);
}

#[test]
fn a_product_that_cannot_be_asked_lets_nothing_leave() {
    let product = Product::on_sqlite();
    let with = |key: &str, value: &str| {
        let mut command = product.cli.command(&["run", "--now", &product.now()]);
        command.env(format!("SERVICE_PING__REPORTING__{key}"), value);
        let output = command.output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    for (key, value, code, says) in [
        ("DATABASE", "other", 3, "no [database.other]"),
        (
            "SETTING",
            "SELECT missing FROM switches",
            3,
            "[reporting] setting has no answer",
        ),
        ("SETTING", "SELECT 'perhaps'", 3, "neither true, false nor a number"),
        (
            "SINGLE_USER",
            "SELECT admin FROM users",
            3,
            "[reporting] single_user has no answer",
        ),
        (
            "SINGLE_USER",
            "SELECT created_at, admin FROM users",
            3,
            "neither true nor false",
        ),
        (
            "LICENSED",
            "SELECT 1; SELECT 0",
            3,
            "[reporting] licensed has no answer",
        ),
        ("LICENSED", "DELETE FROM users", 3, "one SELECT"),
    ] {
        let (ended, said) = with(key, value);
        assert!(
            ended == Some(code) && said.contains(says),
            "{key} {value}: {ended:?} {said}"
        );
        assert!(!said.contains("2026-11-12"), "no value of a row: {said}");
    }
    std::fs::remove_file(product.cli.folder().join("product.db")).expect("it was there");
    let away = product.run(1);
    assert!(away.stderr.contains("[database.main] url"), "{}", away.stderr);
    let preview = product.cli.run(&["preview"]).expect_code(0);
    assert!(preview.stderr.contains("[database.main] url"), "{}", preview.stderr);
    let doctor = product.cli.run(&["doctor"]).expect_code(1);
    assert!(doctor.stdout.contains("FAIL  versions"), "{}", doctor.stdout);
    assert_eq!(product.arrived().len(), 0);
}

#[test]
fn doctor_says_who_is_waited_for() {
    let product = Product::on_sqlite();
    let doctor = json(&product.cli.run(&["doctor", "--format", "json"]).expect_code(0).stdout);
    let findings = doctor["findings"].as_array().expect("findings");
    let says = object!("nothing leaves: the only user of this instance has not answered yet");
    assert!(findings.iter().any(|finding| finding["says"] == says), "{doctor}");
}
