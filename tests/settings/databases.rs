//! What databases know of themselves.

use serde_json::{Value, json};

use crate::instance::Instance;
use crate::support::postgres::Postgres;

fn instance(url: &str, name: &str) -> Instance {
    let instance = Instance::new(&format!(
        "[database.main]\nurl = \"{url}\"\napplication_name = \"{name}\"\n"
    ));
    for (attribute, value_type) in [
        ("adapter", "string"),
        ("version", "string"),
        ("pg_system_id", "number"),
        ("flavor", "string"),
    ] {
        let key = format!("database.{attribute}");
        instance.metric(&key, value_type, "DatabaseInfoMetric", json!({"attribute": attribute}));
    }
    instance
}

#[test]
fn postgresql_tells_who_it_is_in_one_statement() {
    let database = Postgres::shared().database();
    let instance = instance(&database.reader_url(), "facts of a server");
    let version = database.psql("SHOW server_version");
    let id: i64 = database
        .psql("SELECT system_identifier FROM pg_control_system()")
        .parse()
        .expect("a number");
    let expected = json!({
        "adapter": "postgresql",
        "version": version.split(' ').next().expect("a number"),
        "pg_system_id": id,
        "flavor": null
    });
    let generated = instance.generate();
    assert_eq!(generated.payload["database"], expected);
    assert_eq!(generated.fallbacks(), Vec::<String>::new());
    let logs = database.logs();
    let asked = logs
        .lines()
        .filter(|line| line.contains("/facts of a server ") && line.contains("pg_control_system"));
    assert_eq!(asked.count(), 1, "{logs}");
}

#[test]
fn a_service_shows_itself_by_its_setting() {
    let services = [
        ("rds.extensions", "PostgreSQL on Amazon RDS"),
        ("alloydb.iam_authentication", "AlloyDB for PostgreSQL"),
        ("cloudsql.iam_authentication", "Cloud SQL for PostgreSQL"),
        ("azure.extensions", "Azure Database for PostgreSQL - Flexible Server"),
    ];
    for (setting, flavor) in services {
        let database = Postgres::shared().database();
        database.psql(&format!("ALTER DATABASE {} SET {setting} = 'on'", database.name()));
        let generated = instance(&database.reader_url(), "facts of a service").generate();
        assert_eq!(generated.payload["database"]["flavor"], flavor);
    }
    let database = Postgres::shared().database();
    database.psql("CREATE FUNCTION aurora_version() RETURNS text LANGUAGE sql AS $$SELECT '15'$$");
    database.psql(&format!("ALTER DATABASE {} SET rds.extensions = 'on'", database.name()));
    let generated = instance(&database.reader_url(), "facts of a service").generate();
    assert_eq!(generated.payload["database"]["flavor"], "Amazon Aurora PostgreSQL");
}

/// Who may not ask for the cluster's number learns the rest.
#[test]
fn a_right_that_is_missing_costs_one_fact() {
    let postgres = Postgres::dedicated();
    let database = postgres.database();
    database.psql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    let generated = instance(&database.reader_url(), "facts without a right").generate();
    let facts = &generated.payload["database"];
    assert_eq!(facts["pg_system_id"], Value::Null);
    assert_eq!(facts["adapter"], "postgresql");
    assert!(facts["version"].is_string());
}

#[test]
fn sqlite_has_less_to_tell() {
    let instance = instance("sqlite://product.db", "facts");
    instance.cli.write("product.db", "");
    let facts = instance.generate().payload["database"].clone();
    assert_eq!(facts["adapter"], "sqlite");
    assert!(facts["version"].as_str().expect("a text").starts_with("3."), "{facts}");
    assert_eq!((&facts["pg_system_id"], &facts["flavor"]), (&Value::Null, &Value::Null));
}

/// The scheme of the URL tells it; nobody is asked.
#[test]
fn the_adapter_is_known_of_a_server_that_is_away() {
    let instance = instance("postgres://nobody@127.0.0.1:1/none", "facts of nobody");
    let generated = instance.cli.run(&["metric", "database.adapter"]).expect_code(0);
    assert!(generated.stdout.contains("postgresql"), "{}", generated.stdout);
}
