-- What the payloads say of the fleet: each instance as its last payload tells it, so that no page reads payloads.

CREATE TABLE instances (
    id                INTEGER PRIMARY KEY,
    uuid              TEXT NOT NULL UNIQUE,
    first_ping_at     TEXT NOT NULL,
    last_ping_at      TEXT NOT NULL,
    pings             INTEGER NOT NULL,
    -- When the payload that the columns below are of was recorded; one that comes late does not overwrite them.
    described_at      TEXT NOT NULL,
    payload_id        INTEGER NOT NULL,
    hostname          TEXT,
    version           TEXT,
    edition           TEXT,
    installation_type TEXT,
    license_id        TEXT,
    license_md5       TEXT,
    license_sha256    TEXT,
    -- When a payload with a licence came last, and until when the licence application has been told.
    license_ping_at   TEXT,
    license_told_at   TEXT,
    -- The values of the DevOps score as a JSON array.
    dev_ops           TEXT NOT NULL DEFAULT '[]'
) STRICT;

INSERT INTO instances (uuid, first_ping_at, last_ping_at, pings, described_at, payload_id, hostname, version, edition)
SELECT uuid, min(received_at), max(received_at), count(*), max(received_at), max(id),
       CAST(json_extract(payload, '$.hostname') AS TEXT), CAST(json_extract(payload, '$.version') AS TEXT),
       CAST(json_extract(payload, '$.edition') AS TEXT)
FROM raw_usage_data WHERE json_valid(payload) GROUP BY uuid;

CREATE INDEX instances_last_ping ON instances (last_ping_at);
CREATE INDEX instances_license_untold ON instances (id)
    WHERE license_ping_at IS NOT NULL AND (license_told_at IS NULL OR license_told_at < license_ping_at);

-- Key paths by number, and the numbers of each instance's last payload: 64 metrics are a chunk, so that a payload writes
-- few rows and a metric across the fleet reads few bytes.
CREATE TABLE metric_names (
    id       INTEGER PRIMARY KEY,
    key_path TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE metric_chunks (
    chunk       INTEGER NOT NULL,
    instance_id INTEGER NOT NULL,
    payload_id  INTEGER NOT NULL,
    numbers     BLOB NOT NULL,
    PRIMARY KEY (chunk, instance_id)
) STRICT, WITHOUT ROWID;

-- Metrics without a value in an instance's last payload ('payload') or its last metadata ('metadata').
CREATE TABLE metric_failures (
    instance_id INTEGER NOT NULL,
    source      TEXT NOT NULL,
    key_path    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (instance_id, source, key_path)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- SHA-256 of the token, which is kept nowhere.
    digest     TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    instance   TEXT,
    created_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;

CREATE TABLE quotas (
    uuid  TEXT PRIMARY KEY,
    day   INTEGER NOT NULL,
    pings INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Exports read by month.
CREATE INDEX raw_usage_data_received ON raw_usage_data (received_at, id);
CREATE INDEX usage_ping_metadata_received ON usage_ping_metadata (received_at, id);
CREATE INDEX usage_ping_errors_received ON usage_ping_errors (received_at, id);

-- Without a key, an instant of an instance is one payload.
CREATE UNIQUE INDEX raw_usage_data_without_key ON raw_usage_data (uuid, recorded_at) WHERE idempotency_key IS NULL;
