-- Secondary sites: what each collects, and what the primary was told of all.

-- On a secondary: one row a collection.
CREATE TABLE geo_usage (
    collected_at TEXT NOT NULL PRIMARY KEY,
    -- A JSON object of counts and nulls.
    usage        TEXT NOT NULL
) STRICT;

-- On the primary: the newest status of each secondary.
CREATE TABLE geo_nodes (
    node         TEXT NOT NULL PRIMARY KEY,
    status       TEXT NOT NULL,
    collected_at TEXT NOT NULL,
    received_at  TEXT NOT NULL
) STRICT;
