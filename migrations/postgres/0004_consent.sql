-- What the operator has agreed to let leave: each metric as it read then, by digest and in full.

CREATE TABLE accepted_definitions (
    key_path    text COLLATE "C" PRIMARY KEY,
    digest      text NOT NULL,
    terms       text NOT NULL,
    accepted_at timestamptz NOT NULL,
    accepted_by text NOT NULL
);

-- Who said yes or no to how many metrics, and when; never deleted from.
CREATE TABLE consent_answers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    answered_at timestamptz NOT NULL,
    answered_by text NOT NULL,
    answer      text NOT NULL CHECK (answer IN ('accepted', 'revoked')),
    metrics     bigint NOT NULL,
    set_digest  text
);
