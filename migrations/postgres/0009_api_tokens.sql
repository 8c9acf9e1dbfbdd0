-- Tokens that programs and people show to `serve`: only their digests.
CREATE TABLE api_tokens (
    id         text NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    -- The SHA-256 of the token, in hexadecimal digits.
    digest     text NOT NULL UNIQUE,
    -- Names with spaces between.
    scopes     text NOT NULL,
    -- Whose acts are counted under it.
    user_id    text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- Of the tokens that are good, each name is one's.
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (name) WHERE revoked_at IS NULL;
