-- What a run read of each source, for whoever watches the sources.
CREATE TABLE run_sources (
    run_id          text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- Such as database.main, or event_store.
    source          text NOT NULL,
    -- Whether it could be reached throughout.
    is_up           boolean NOT NULL,
    readings        bigint NOT NULL,
    failed          bigint NOT NULL,
    statements      bigint NOT NULL,
    elapsed_seconds double precision NOT NULL,
    PRIMARY KEY (run_id, source)
);
