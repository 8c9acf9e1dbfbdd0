-- The order in which runs were begun, whatever the clock said then: it may have been set back between two of them.
ALTER TABLE runs ADD COLUMN number bigint NOT NULL DEFAULT 0;
UPDATE runs SET number = (
    SELECT COUNT(*) FROM runs AS earlier WHERE (earlier.started_at, earlier.id) <= (runs.started_at, runs.id)
);
DROP INDEX runs_started_at;
CREATE INDEX runs_number ON runs (number);
