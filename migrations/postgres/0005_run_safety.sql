-- One run at a time, and what a run that ended in the middle had done by then.

-- Whoever runs the job holds its lease. Each taking raises the fence; what a run writes names its fence, so that a holder
-- that was frozen past its lease can write no more.
CREATE TABLE run_lease (
    job        text NOT NULL PRIMARY KEY,
    fence      bigint NOT NULL,
    -- NULL once it was given back.
    holder     text,
    taken_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Seconds that it lasts unless renewed: one that lasts longer was taken by a clock that has been set back since.
    lasts      bigint NOT NULL
);

-- What a run has read; by a digest of what was asked.
CREATE TABLE run_readings (
    run_id          text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    measure         text NOT NULL,
    reading         bytea NOT NULL,
    elapsed_seconds double precision NOT NULL,
    statements      bigint NOT NULL,
    retries         bigint NOT NULL,
    PRIMARY KEY (run_id, measure)
);

-- Scans of several ranges that are not over: who is in them, and what is left to read.
CREATE TABLE run_scans (
    id        text NOT NULL PRIMARY KEY,
    run_id    text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    database  text NOT NULL,
    -- The digests of its members' measures, as a JSON array.
    members   text NOT NULL,
    remaining text NOT NULL
);

CREATE INDEX run_scans_run_id ON run_scans (run_id);

-- What each range of such a scan added.
CREATE TABLE run_scan_parts (
    scan_id text NOT NULL REFERENCES run_scans (id) ON DELETE CASCADE,
    number  bigint NOT NULL,
    added   bytea NOT NULL,
    PRIMARY KEY (scan_id, number)
);
