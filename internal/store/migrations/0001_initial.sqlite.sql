-- One row for each request. body is the request as JSON, the source of truth. The
-- other columns copy parts of it for queries, or schedule work.
CREATE TABLE request (
    id              TEXT   NOT NULL PRIMARY KEY,
    org             TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0),
    requester       TEXT   NOT NULL,
    idempotency_key TEXT   NOT NULL UNIQUE,
    requested_at    BIGINT NOT NULL,
    predecessor     TEXT   NOT NULL,           -- of a rotation: the request whose key it replaces
    new_key         BIGINT NOT NULL,           -- 1: neither a change nor a rotation
    awaiting_review BIGINT NOT NULL,           -- 1: issued by break-glass and not yet reviewed
    work_at         BIGINT NOT NULL,           -- when the worker is due; 0: never
    sync_at         BIGINT NOT NULL,           -- when messages are due; 0: they are up to date
    key_expires_at  BIGINT NOT NULL DEFAULT 0, -- 0: it is not known
    roles           TEXT   NOT NULL DEFAULT '', -- in the organization and in projects, each between spaces
    body            TEXT   NOT NULL
);

CREATE INDEX request_by_work            ON request (work_at, id, state) WHERE work_at > 0;
CREATE INDEX request_by_short_wait      ON request (work_at, id, state) WHERE work_at > 0 AND state IN ('issuing', 'applying', 'revoking', 'denied', 'withdrawn', 'expired', 'failed', 'ended', 'applied');
CREATE INDEX request_by_sync            ON request (sync_at, id) WHERE sync_at > 0;
CREATE INDEX request_by_pending         ON request (requested_at, id) WHERE state = 'pending';
CREATE INDEX request_by_state           ON request (state, org, requested_at, id);
CREATE INDEX request_by_requester       ON request (requester, requested_at DESC, id);
CREATE INDEX request_by_requester_state ON request (requester, state, org);
CREATE INDEX request_by_review          ON request (awaiting_review) WHERE awaiting_review > 0;
CREATE INDEX request_by_predecessor     ON request (predecessor) WHERE predecessor <> '';

-- Where the messages of a request are, and what they show.
CREATE TABLE message_ref (
    request TEXT   NOT NULL REFERENCES request (id),
    name    TEXT   NOT NULL,
    channel TEXT   NOT NULL,
    ts      TEXT   NOT NULL,
    digest  TEXT   NOT NULL, -- of what it shows; empty: not known
    PRIMARY KEY (request, name)
);

-- One row for each action and each refused attempt. Rows are only ever added.
-- Each has the hash of the row before it and a hash of its own content;
-- docs/audit.md explains how. A refused attempt may name a request that does not
-- exist.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL CHECK (at <> 0),
    org        TEXT   NOT NULL,
    request    TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    from_state TEXT   NOT NULL,
    to_state   TEXT   NOT NULL,
    actor      TEXT   NOT NULL, -- empty: the bot itself
    note       TEXT   NOT NULL,
    refused    TEXT   NOT NULL, -- empty: the action was done
    public_key TEXT   NOT NULL DEFAULT '', -- of the key that the row is about
    key_id     TEXT   NOT NULL DEFAULT '',
    details    TEXT   NOT NULL DEFAULT '', -- of the request, as canonical JSON; empty: none
    prev       TEXT   NOT NULL DEFAULT '',
    hash       TEXT   NOT NULL DEFAULT ''
);

-- The end of the chain, one row. A writer updates it before it adds to audit, so
-- that writers run one after another.
CREATE TABLE audit_head (
    one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT   NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END;

CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;

CREATE TRIGGER audit_is_only_continued BEFORE INSERT ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE seq = NEW.seq AND hash = NEW.prev)
BEGIN SELECT RAISE(ABORT, 'the audit trail is written by the bot alone'); END;

CREATE TRIGGER audit_head_never_goes_back BEFORE UPDATE ON audit_head WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;

CREATE TRIGGER audit_head_is_never_removed BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;
