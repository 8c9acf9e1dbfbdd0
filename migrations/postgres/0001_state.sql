-- The engine's own store, in the schema service_ping. Ids are UUID text and documents JSON text, as in SQLite; names
-- sort by their bytes, so that both stores list alike.

CREATE TABLE instance_facts (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE runs (
    id                 text PRIMARY KEY,
    recorded_at        timestamptz NOT NULL,
    started_at         timestamptz NOT NULL,
    finished_at        timestamptz,
    definitions_digest text NOT NULL,
    triggered_by       text NOT NULL,
    status             text NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'interrupted')),
    message            text
);

CREATE INDEX runs_started_at ON runs (started_at);

CREATE TABLE outcomes (
    run_id          text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_path        text COLLATE "C" NOT NULL,
    value           text NOT NULL,
    reason          text,
    message         text,
    elapsed_seconds double precision NOT NULL,
    statements      bigint NOT NULL,
    retries         bigint NOT NULL,
    error_bound     double precision,
    PRIMARY KEY (run_id, key_path)
);

-- The payload is text, not jsonb: the bytes that were sent once are the bytes that are sent again.
CREATE TABLE raw_usage_data (
    id                          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at                  timestamptz NOT NULL,
    updated_at                  timestamptz NOT NULL,
    recorded_at                 timestamptz NOT NULL UNIQUE,
    payload                     text NOT NULL,
    sent_at                     timestamptz,
    version_usage_data_id_value bigint,
    run_id                      text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    idempotency_key             text NOT NULL UNIQUE,
    delivery                    text NOT NULL DEFAULT 'waiting' CHECK (delivery IN ('waiting', 'sent', 'rejected', 'withheld')),
    attempts                    bigint NOT NULL DEFAULT 0,
    next_attempt_at             timestamptz,
    last_error                  text,
    metadata                    text,
    metadata_key                text NOT NULL UNIQUE,
    metadata_delivery           text NOT NULL CHECK (metadata_delivery IN ('none', 'waiting', 'sent', 'rejected')),
    metadata_attempts           bigint NOT NULL DEFAULT 0,
    metadata_sent_at            timestamptz,
    metadata_last_error         text,
    lease_holder                text,
    lease_until                 timestamptz
);

CREATE INDEX raw_usage_data_delivery ON raw_usage_data (delivery, recorded_at);
CREATE INDEX raw_usage_data_run_id ON raw_usage_data (run_id);

-- What the Versions endpoint says about the instance's peers, by the names it uses.
CREATE TABLE conversational_development_index_metrics (
    report_id  bigint PRIMARY KEY REFERENCES raw_usage_data (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    metrics    text NOT NULL
);
