-- The embedded event store: keys as Redis would hold them. Instants are milliseconds since 1970.

-- "SPev", by which a file is known for an event store.
PRAGMA application_id = 1397777782;

-- What tells this store from every other; one row.
CREATE TABLE store (
    identity TEXT NOT NULL
);
INSERT INTO store (identity) VALUES (lower(hex(randomblob(16))));

-- Every key, of one kind. Sketches and fields stand in tables of their own, so that a new expiry rewrites none of them.
CREATE TABLE entries (
    key        TEXT PRIMARY KEY NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('number', 'fields', 'sketch')),
    -- A counter or a sum, as decimal text.
    number     TEXT CHECK ((kind = 'number') = (number IS NOT NULL)),
    -- From then on the key counts as absent; never, where it is NULL.
    expires_at INTEGER
);
CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;

-- Redis' own "HYLL" bytes, sparse or dense.
CREATE TABLE sketches (
    key   TEXT PRIMARY KEY NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    bytes BLOB NOT NULL
);

CREATE TABLE fields (
    key   TEXT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    field TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (key, field)
) WITHOUT ROWID;

-- The newest batches that were applied, and which of their writes were refused, as JSON.
CREATE TABLE applied_batches (
    sequence INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    refusals TEXT NOT NULL
);

-- What was taken in from other stores, so that only what is new is added the next time. A line goes with its key here,
-- and counts no more once the other store's key has expired.
CREATE TABLE absorbed (
    key        TEXT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    origin     TEXT NOT NULL,
    -- Empty for a counter or a sum.
    field      TEXT NOT NULL,
    amount     TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (key, origin, field)
) WITHOUT ROWID;
