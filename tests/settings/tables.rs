//! Settings out of a table, beside those of the configuration and of the environment.

use serde_json::{Value, json};
use sqlx::{Connection, Executor};

use crate::instance::Instance;
use crate::support::postgres::{Database, Postgres, READER};

const MANY: usize = 200;

fn configuration(url: &str, name: &str, more: &str) -> String {
    format!("[database.main]\nurl = \"{url}\"\napplication_name = \"{name}\"\n{more}")
}

fn setting(instance: &Instance, key: &str, value_type: &str) {
    instance.metric(key, value_type, "SettingMetric", json!({"setting": key}));
}

/// The statements that the instance's sessions sent, their texts alone.
fn statements(database: &Database<'_>, name: &str) -> Vec<String> {
    let mark = format!("/{name} ");
    let logs = database.logs();
    let own = logs.lines().filter(|line| line.contains(&mark));
    own.filter_map(|line| {
        let (_, statement) = line.split_once("LOG:  ")?.1.split_once(": ")?;
        statement.starts_with("SELECT").then(|| statement.to_owned())
    })
    .collect()
}

#[test]
fn two_hundred_settings_are_one_statement() {
    let database = Postgres::shared().database();
    let columns: Vec<String> = (0..MANY)
        .map(|n| format!("s{n} {}", ["boolean", "integer", "text", "jsonb"][n % 4]))
        .collect();
    database.psql(&format!(
        "CREATE TABLE application_settings (id bigint PRIMARY KEY, secret text, {})",
        columns.join(", ")
    ));
    let value = |row: usize, n: usize| match n % 4 {
        0 => json!((n + row).is_multiple_of(8)),
        1 => json!(n * row),
        2 => json!(format!("it's {n} \\ \" of {row}")),
        _ => json!({"n": n, "list": [row, null]}),
    };
    let row = |row: usize| {
        let values: Vec<String> = (0..MANY)
            .map(|n| match value(row, n) {
                Value::String(text) => format!("'{}'", text.replace('\'', "''")),
                Value::Object(object) => format!("'{}'", Value::Object(object)),
                other => other.to_string(),
            })
            .collect();
        format!(
            "INSERT INTO application_settings VALUES ({row}, 'hunter2', {})",
            values.join(", ")
        )
    };
    // The greatest id counts, whatever was written last.
    database.psql(&row(9));
    database.psql(&row(3));
    let name = "settings of 200";
    let instance = Instance::new(&configuration(&database.reader_url(), name, ""));
    for n in 0..MANY {
        setting(
            &instance,
            &format!("s{n}"),
            ["boolean", "number", "string", "object"][n % 4],
        );
    }
    let generated = instance.generate();
    assert_eq!(generated.fallbacks(), Vec::<String>::new());
    for n in 0..MANY {
        assert_eq!(generated.payload[format!("s{n}")], value(9, n), "s{n}");
    }
    let sent = statements(&database, name);
    let of_table: Vec<&String> = sent.iter().filter(|sql| sql.contains("application_settings")).collect();
    assert_eq!(of_table.len(), 1, "{sent:#?}");
    assert!(!of_table[0].contains("secret"), "{of_table:?}");
}

#[test]
fn a_name_that_is_no_column_costs_itself_alone() {
    let database = Postgres::shared().database();
    database
        .psql("CREATE TABLE application_settings (id int PRIMARY KEY, signup_enabled boolean, token text, quota int)");
    database.psql("INSERT INTO application_settings VALUES (1, true, 'hunter2', NULL)");
    let more = "[settings]\nquota = 7\n";
    let instance = Instance::new(&configuration(&database.reader_url(), "settings alone", more));
    setting(&instance, "signup_enabled", "boolean");
    setting(&instance, "no_such", "number");
    instance.metric("no_name", "number", "SettingMetric", json!({"setting": "it's no name"}));
    setting(&instance, "token", "boolean");
    setting(&instance, "quota", "number");
    let table = json!({"setting": "quota", "from": "table"});
    instance.metric("quota_of_table", "number", "SettingMetric", table);
    let generated = instance.generate();
    let expected = json!({
        "signup_enabled": true, "no_such": -1, "no_name": -1, "token": -2, "quota": 7, "quota_of_table": null
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&generated.payload[key], value, "{key}: {}", generated.why(key));
    }
    assert!(generated.why("no_such").starts_with("missing_setting"));
    assert!(generated.why("token").starts_with("wrong_type"));
    assert!(!generated.why("token").contains("hunter2") && !generated.stderr.contains("hunter2"));
}

#[test]
fn a_role_that_may_read_some_columns_reads_those() {
    let database = Postgres::shared().database();
    database.psql(&format!(
        "CREATE TABLE application_settings (id int PRIMARY KEY, signup_enabled boolean, token text); \
         INSERT INTO application_settings VALUES (1, false, 'hunter2'); \
         REVOKE ALL ON application_settings FROM {READER}; \
         GRANT SELECT (id, signup_enabled) ON application_settings TO {READER}"
    ));
    let instance = Instance::new(&configuration(&database.reader_url(), "settings of columns", ""));
    setting(&instance, "signup_enabled", "boolean");
    setting(&instance, "token", "string");
    let generated = instance.generate();
    assert_eq!(generated.payload, json!({"signup_enabled": false, "token": -1}));
}

#[test]
fn another_table_or_none() {
    let database = Postgres::shared().database();
    database.psql("CREATE SCHEMA conf; CREATE TABLE conf.\"Preferences\" (id int PRIMARY KEY, colour text)");
    database.psql(&format!(
        "GRANT USAGE ON SCHEMA conf TO {READER}; GRANT SELECT ON ALL TABLES IN SCHEMA conf TO {READER}"
    ));
    database.psql("INSERT INTO conf.\"Preferences\" VALUES (1, 'red')");
    let url = database.reader_url();
    let of = |table: &str| {
        configuration(
            &url,
            "settings elsewhere",
            &format!("[setting_sources]\ntable = \"{table}\"\n"),
        )
    };
    let instance = Instance::new(&of("conf.Preferences"));
    setting(&instance, "colour", "string");
    assert_eq!(instance.generate().payload, json!({"colour": "red"}));
    for table in ["none", "no_such_table"] {
        instance.configure(&of(table));
        let generated = instance.generate();
        assert_eq!(generated.payload, json!({"colour": -1}));
        assert!(
            generated.why("colour").starts_with("missing_setting"),
            "{}",
            generated.why("colour")
        );
    }
    instance.configure(&of("a; DROP TABLE b"));
    let refused = instance.cli.run(&["generate"]).expect_code(3);
    assert!(
        refused.stderr.contains("setting_sources") || refused.stderr.contains("table"),
        "{}",
        refused.stderr
    );
}

#[test]
fn sqlite_tells_the_same() {
    let instance = Instance::new(&configuration("sqlite://product.db", "settings", ""));
    let path = instance.cli.folder().join("product.db");
    crate::block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("a file");
        let sql = "CREATE TABLE application_settings (id INTEGER PRIMARY KEY, signup_enabled BOOLEAN, quota INTEGER, \
                   name TEXT, ends TEXT, plans TEXT); \
                   INSERT INTO application_settings VALUES (2, 1, 9000000000, '7', NULL, '{\"a\":1}'), (1, 0, 1, 'x', 'y', '')";
        connection.execute(sql).await.expect("a table");
        connection.close().await.expect("closed");
    });
    for (key, value_type) in [
        ("signup_enabled", "boolean"),
        ("quota", "number"),
        ("name", "string"),
        ("ends", "string"),
        ("plans", "object"),
        ("no", "number"),
    ] {
        setting(&instance, key, value_type);
    }
    let expected = json!({
        "signup_enabled": true, "quota": 9_000_000_000_u64, "name": "7", "ends": null, "plans": {"a": 1}, "no": -1
    });
    assert_eq!(instance.generate().payload, expected);
}

#[test]
fn variables_are_read_if_the_operator_lets_them() {
    let mut instance = Instance::new("[setting_sources]\nvariables = [\"EDITION\", \"UNSET\"]\n");
    for name in ["EDITION", "UNSET", "PASSWORD"] {
        let options = json!({"setting": name, "from": "environment"});
        instance.metric(&name.to_lowercase(), "string", "SettingMetric", options);
    }
    instance.cli = instance.cli.env("EDITION", "blue").env("PASSWORD", "hunter2");
    let generated = instance.generate();
    assert_eq!(
        generated.payload,
        json!({"edition": "blue", "unset": -1, "password": -1})
    );
    assert!(
        generated.why("password").contains("does not name PASSWORD"),
        "{}",
        generated.why("password")
    );
}

#[test]
fn the_configuration_holds_lists_and_tables() {
    let settings = "[settings]\nfilesystems = [\"EXT\", \"ZFS\"]\n[settings.store]\nenabled = true\nobject_store = { provider = \"S3\" }\n";
    let instance = Instance::new(settings);
    setting(&instance, "filesystems", "object");
    setting(&instance, "store", "object");
    let expected = json!({
        "filesystems": ["EXT", "ZFS"], "store": {"enabled": true, "object_store": {"provider": "S3"}}
    });
    assert_eq!(instance.generate().payload, expected);
}
