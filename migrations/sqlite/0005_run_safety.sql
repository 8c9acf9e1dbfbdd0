-- One run at a time, and what a run that ended in the middle had done by then.

-- Whoever runs the job holds its lease. Each taking raises the fence; what a run writes names its fence, so that a holder
-- that was frozen past its lease can write no more.
CREATE TABLE run_lease (
    job        TEXT NOT NULL PRIMARY KEY,
    fence      INTEGER NOT NULL,
    -- NULL once it was given back.
    holder     TEXT,
    taken_at   TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    -- Seconds that it lasts unless renewed: one that lasts longer was taken by a clock that has been set back since.
    lasts      INTEGER NOT NULL
) STRICT;

-- What a run has read; by a digest of what was asked.
CREATE TABLE run_readings (
    run_id          TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    measure         TEXT NOT NULL,
    reading         BLOB NOT NULL,
    elapsed_seconds REAL NOT NULL,
    statements      INTEGER NOT NULL,
    retries         INTEGER NOT NULL,
    PRIMARY KEY (run_id, measure)
) STRICT, WITHOUT ROWID;

-- Scans of several ranges that are not over: who is in them, and what is left to read.
CREATE TABLE run_scans (
    id        TEXT NOT NULL PRIMARY KEY,
    run_id    TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    database  TEXT NOT NULL,
    -- The digests of its members' measures, as a JSON array.
    members   TEXT NOT NULL,
    remaining TEXT NOT NULL
) STRICT;

CREATE INDEX run_scans_run_id ON run_scans (run_id);

-- What each range of such a scan added.
CREATE TABLE run_scan_parts (
    scan_id TEXT NOT NULL REFERENCES run_scans (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    added   BLOB NOT NULL,
    PRIMARY KEY (scan_id, number)
) STRICT;
