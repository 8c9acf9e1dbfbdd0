-- Tokens that programs and people show to `serve`: only their digests.
CREATE TABLE api_tokens (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    -- The SHA-256 of the token, in hexadecimal digits.
    digest     TEXT NOT NULL UNIQUE,
    -- Names with spaces between.
    scopes     TEXT NOT NULL,
    -- Whose acts are counted under it.
    user_id    TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;

-- Of the tokens that are good, each name is one's.
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (name) WHERE revoked_at IS NULL;
