-- What the operator has agreed to let leave: each metric as it read then, by digest and in full.

CREATE TABLE accepted_definitions (
    key_path    TEXT NOT NULL PRIMARY KEY,
    digest      TEXT NOT NULL,
    terms       TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    accepted_by TEXT NOT NULL
) STRICT;

-- Who said yes or no to how many metrics, and when; never deleted from.
CREATE TABLE consent_answers (
    id          INTEGER PRIMARY KEY,
    answered_at TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    answer      TEXT NOT NULL CHECK (answer IN ('accepted', 'revoked')),
    metrics     INTEGER NOT NULL,
    set_digest  TEXT
) STRICT;
