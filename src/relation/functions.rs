//! Functions that a SELECT can call and that do more than read.

use sqlparser::ast::{ObjectName, ObjectNamePart};

/// Functions of PostgreSQL (and SQLite) that act on the server, on other sessions, or on something outside the database.
///
/// A read-only transaction does not stop these. `pg_sleep` only waits, and is allowed.
const ACTING: &[&str] = &[
    "load_extension",
    "nextval",
    "pg_backup_start",
    "pg_backup_stop",
    "pg_cancel_backend",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_create_restore_point",
    "pg_current_xact_id",
    "pg_current_logfile",
    "pg_drop_replication_slot",
    "pg_export_snapshot",
    "pg_import_system_collations",
    "pg_log_backend_memory_contexts",
    "pg_log_standby_snapshot",
    "pg_logical_emit_message",
    "pg_notify",
    "pg_promote",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_start_backup",
    "pg_stat_file",
    "pg_stop_backup",
    "pg_switch_wal",
    "pg_terminate_backend",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
    "readfile",
    "set_config",
    "setseed",
    "setval",
    "writefile",
];

/// The same, as families of names.
const ACTING_FAMILIES: &[&str] = &[
    "binary_upgrade_",
    "brin_",
    "cursor_to_xml",
    "database_to_xml",
    "dblink",
    "gin_clean_",
    "lo_",
    "loread",
    "lowrite",
    "pg_advisory_",
    "pg_copy_logical_replication_slot",
    "pg_copy_physical_replication_slot",
    "pg_file_",
    "pg_logical_slot_",
    "pg_ls_",
    "pg_read_",
    "pg_replication_origin_",
    "pg_replication_slot_",
    "pg_stat_reset",
    "pg_stat_statements_reset",
    "pg_try_advisory_",
    "query_to_xml",
    "schema_to_xml",
    "table_to_xml",
    "ts_stat",
    "txid_current",
];

/// Whether a function does more than read. Schemas do not matter: `pg_catalog.setval` is `setval`.
pub(super) fn acts_on_server(name: &ObjectName) -> bool {
    let Some(ObjectNamePart::Identifier(last)) = name.0.last() else {
        return true;
    };
    let name = last.value.to_ascii_lowercase();
    ACTING.contains(&name.as_str()) || ACTING_FAMILIES.iter().any(|family| name.starts_with(family))
}
