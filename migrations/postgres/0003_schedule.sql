-- What a scheduler remembers of the weekly job: the latest slot that needs nothing more, and a later one whose job was
-- tried in vain. One row a job; each change raises the revision, so that of two schedulers one takes a slot.

CREATE TABLE schedule (
    job        text NOT NULL PRIMARY KEY,
    revision   bigint NOT NULL,
    served     timestamptz NOT NULL,
    trial_slot timestamptz,
    failures   bigint NOT NULL DEFAULT 0,
    tried_at   timestamptz
);
