use crate::support::gitlab_schema::GitlabSchema;
use crate::support::postgres::Postgres;

#[test]
fn every_table_of_gitlab_is_created_with_its_key() {
    let Some(schema) = GitlabSchema::load() else { return };
    let tables: Vec<&str> = schema.tables().collect();
    assert!(tables.len() > 1000, "only {} tables", tables.len());
    let database = Postgres::shared().database();
    database.execute(&schema.create_tables(&tables));
    let count = |sql: &str| database.psql(sql).parse::<usize>().expect("a count");
    assert_eq!(
        count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        tables.len()
    );
    let columns: usize = tables.iter().map(|table| schema.columns(table).len()).sum();
    assert_eq!(
        count("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'"),
        columns
    );
    let keyed = tables
        .iter()
        .filter(|table| schema.columns(table).iter().any(|column| column.primary_key))
        .count();
    assert_eq!(
        count("SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND connamespace = 'public'::regnamespace"),
        keyed
    );
}

#[test]
fn types_keys_and_indexes_are_gitlabs() {
    let Some(schema) = GitlabSchema::load() else { return };
    let database = Postgres::shared().database();
    database.execute(&schema.create_tables(&["issues", "project_authorizations"]));
    let of_type = |table: &str, column: &str| {
        let sql = format!(
            "SELECT format_type(atttypid, atttypmod), attnotnull FROM pg_attribute \
             WHERE attrelid = '{table}'::regclass AND attname = '{column}'"
        );
        database.psql(&sql)
    };
    for table in ["issues", "project_authorizations"] {
        for column in schema.columns(table) {
            let not_null = if column.not_null { "t" } else { "f" };
            assert_eq!(
                of_type(table, &column.name),
                format!("{}|{not_null}", column.sql_type),
                "{table}.{}",
                column.name
            );
        }
    }
    let key = database.psql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'project_authorizations'::regclass",
    );
    assert!(key.starts_with("PRIMARY KEY (user_id, project_id"), "{key}");
    let indexed = database.psql("SELECT count(*) FROM pg_indexes WHERE tablename = 'issues'");
    assert!(
        indexed.parse::<u32>().is_ok_and(|count| count > 10),
        "{indexed} indexes"
    );
}

#[test]
fn sqlite_takes_the_tables_too() {
    let Some(schema) = GitlabSchema::load() else { return };
    let tables: Vec<&str> = schema.tables().collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        use sqlx::Connection;
        let mut connection = sqlx::SqliteConnection::connect("sqlite::memory:")
            .await
            .expect("SQLite opens");
        for statement in schema.create_tables_for_sqlite(&tables) {
            let created = sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
                .execute(&mut connection)
                .await;
            created.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    });
}
