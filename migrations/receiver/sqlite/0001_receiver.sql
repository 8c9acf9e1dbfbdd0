-- What the receiving end keeps. Bodies are stored as they came.

CREATE TABLE raw_usage_data (
    id              INTEGER PRIMARY KEY,
    received_at     TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    uuid            TEXT NOT NULL,
    recorded_at     TEXT,
    payload         TEXT NOT NULL
) STRICT;

CREATE INDEX raw_usage_data_instance ON raw_usage_data (uuid, recorded_at);

CREATE TABLE usage_ping_metadata (
    id              INTEGER PRIMARY KEY,
    received_at     TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    uuid            TEXT NOT NULL,
    body            TEXT NOT NULL
) STRICT;

CREATE TABLE usage_ping_errors (
    id              INTEGER PRIMARY KEY,
    received_at     TEXT NOT NULL,
    uuid            TEXT NOT NULL,
    body            TEXT NOT NULL
) STRICT;
