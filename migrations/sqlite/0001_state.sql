-- The engine's own store. Instants are UTC text (RFC 3339), ids are UUID text, documents are JSON text.

CREATE TABLE instance_facts (
    name       TEXT NOT NULL PRIMARY KEY,
    value      TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id                 TEXT NOT NULL PRIMARY KEY,
    recorded_at        TEXT NOT NULL,
    started_at         TEXT NOT NULL,
    finished_at        TEXT,
    definitions_digest TEXT NOT NULL,
    triggered_by       TEXT NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'interrupted')),
    message            TEXT
) STRICT;

CREATE INDEX runs_started_at ON runs (started_at);

CREATE TABLE outcomes (
    run_id          TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_path        TEXT NOT NULL,
    value           TEXT NOT NULL,
    reason          TEXT,
    message         TEXT,
    elapsed_seconds REAL NOT NULL,
    statements      INTEGER NOT NULL,
    retries         INTEGER NOT NULL,
    error_bound     REAL,
    PRIMARY KEY (run_id, key_path)
) STRICT, WITHOUT ROWID;

-- The payload is text, not a JSON type: the bytes that were sent once are the bytes that are sent again.
CREATE TABLE raw_usage_data (
    id                          INTEGER PRIMARY KEY,
    created_at                  TEXT NOT NULL,
    updated_at                  TEXT NOT NULL,
    recorded_at                 TEXT NOT NULL UNIQUE,
    payload                     TEXT NOT NULL,
    sent_at                     TEXT,
    version_usage_data_id_value INTEGER,
    run_id                      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    idempotency_key             TEXT NOT NULL UNIQUE,
    delivery                    TEXT NOT NULL DEFAULT 'waiting' CHECK (delivery IN ('waiting', 'sent', 'rejected', 'withheld')),
    attempts                    INTEGER NOT NULL DEFAULT 0,
    next_attempt_at             TEXT,
    last_error                  TEXT,
    metadata                    TEXT,
    metadata_key                TEXT NOT NULL UNIQUE,
    metadata_delivery           TEXT NOT NULL CHECK (metadata_delivery IN ('none', 'waiting', 'sent', 'rejected')),
    metadata_attempts           INTEGER NOT NULL DEFAULT 0,
    metadata_sent_at            TEXT,
    metadata_last_error         TEXT,
    lease_holder                TEXT,
    lease_until                 TEXT
) STRICT;

CREATE INDEX raw_usage_data_delivery ON raw_usage_data (delivery, recorded_at);
CREATE INDEX raw_usage_data_run_id ON raw_usage_data (run_id);

-- What the Versions endpoint says about the instance's peers, by the names it uses.
CREATE TABLE conversational_development_index_metrics (
    report_id  INTEGER NOT NULL PRIMARY KEY REFERENCES raw_usage_data (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    metrics    TEXT NOT NULL
) STRICT;
