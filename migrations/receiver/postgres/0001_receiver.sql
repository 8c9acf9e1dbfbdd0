-- What the receiving end keeps. Bodies are stored as they came.

CREATE TABLE raw_usage_data (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at     TIMESTAMPTZ NOT NULL,
    idempotency_key TEXT UNIQUE,
    uuid            TEXT NOT NULL,
    recorded_at     TEXT,
    payload         TEXT NOT NULL
);

CREATE INDEX raw_usage_data_instance ON raw_usage_data (uuid, recorded_at);

CREATE TABLE usage_ping_metadata (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at     TIMESTAMPTZ NOT NULL,
    idempotency_key TEXT UNIQUE,
    uuid            TEXT NOT NULL,
    body            TEXT NOT NULL
);

CREATE TABLE usage_ping_errors (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at     TIMESTAMPTZ NOT NULL,
    uuid            TEXT NOT NULL,
    body            TEXT NOT NULL
);

-- Each instance as its last payload tells it, so that no page reads payloads.

CREATE TABLE instances (
    id                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid              TEXT NOT NULL UNIQUE,
    first_ping_at     TIMESTAMPTZ NOT NULL,
    last_ping_at      TIMESTAMPTZ NOT NULL,
    pings             BIGINT NOT NULL,
    -- When the payload that the columns below are of was recorded; one that comes late does not overwrite them.
    described_at      TIMESTAMPTZ NOT NULL,
    payload_id        BIGINT NOT NULL,
    hostname          TEXT,
    version           TEXT,
    edition           TEXT,
    installation_type TEXT,
    license_id        TEXT,
    license_md5       TEXT,
    license_sha256    TEXT,
    -- When a payload with a licence came last, and until when the licence application has been told.
    license_ping_at   TIMESTAMPTZ,
    license_told_at   TIMESTAMPTZ,
    -- The values of the DevOps score as a JSON array.
    dev_ops           TEXT NOT NULL DEFAULT '[]'
);

CREATE INDEX instances_last_ping ON instances (last_ping_at);
CREATE INDEX instances_license_untold ON instances (id)
    WHERE license_ping_at IS NOT NULL AND (license_told_at IS NULL OR license_told_at < license_ping_at);

-- Key paths by number, and the numbers of each instance's last payload: 64 metrics are a chunk, so that a payload writes
-- few rows and a metric across the fleet reads few bytes.
CREATE TABLE metric_names (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_path TEXT NOT NULL UNIQUE
);

CREATE TABLE metric_chunks (
    chunk       BIGINT NOT NULL,
    instance_id BIGINT NOT NULL,
    payload_id  BIGINT NOT NULL,
    numbers     BYTEA NOT NULL,
    PRIMARY KEY (chunk, instance_id)
);

-- Metrics without a value in an instance's last payload ('payload') or its last metadata ('metadata').
CREATE TABLE metric_failures (
    instance_id BIGINT NOT NULL,
    source      TEXT NOT NULL,
    key_path    TEXT NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (instance_id, source, key_path)
);

CREATE TABLE tokens (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- SHA-256 of the token, which is kept nowhere.
    digest     TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    instance   TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE TABLE quotas (
    uuid  TEXT PRIMARY KEY,
    day   BIGINT NOT NULL,
    pings BIGINT NOT NULL,
    bytes BIGINT NOT NULL
);

-- Exports read by month.
CREATE INDEX raw_usage_data_received ON raw_usage_data (received_at, id);
CREATE INDEX usage_ping_metadata_received ON usage_ping_metadata (received_at, id);
CREATE INDEX usage_ping_errors_received ON usage_ping_errors (received_at, id);

-- Without a key, an instant of an instance is one payload.
CREATE UNIQUE INDEX raw_usage_data_without_key ON raw_usage_data (uuid, recorded_at) WHERE idempotency_key IS NULL;
