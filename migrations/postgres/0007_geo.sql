-- Secondary sites: what each collects, and what the primary was told of all.

-- On a secondary: one row a collection.
CREATE TABLE geo_usage (
    collected_at timestamptz NOT NULL PRIMARY KEY,
    -- A JSON object of counts and nulls.
    usage        text NOT NULL
);

-- On the primary: the newest status of each secondary.
CREATE TABLE geo_nodes (
    node         text NOT NULL PRIMARY KEY,
    status       text NOT NULL,
    collected_at timestamptz NOT NULL,
    received_at  timestamptz NOT NULL
);
