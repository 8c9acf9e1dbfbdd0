-- What a run read of each source, for whoever watches the sources.
CREATE TABLE run_sources (
    run_id          TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- Such as database.main, or event_store.
    source          TEXT NOT NULL,
    -- Whether it could be reached throughout.
    is_up           INTEGER NOT NULL,
    readings        INTEGER NOT NULL,
    failed          INTEGER NOT NULL,
    statements      INTEGER NOT NULL,
    elapsed_seconds REAL NOT NULL,
    PRIMARY KEY (run_id, source)
) STRICT, WITHOUT ROWID;
