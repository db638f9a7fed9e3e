-- Everything that was done or tried, one row each. Rows are added and never
-- changed. A refused attempt may name a request that is not there.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL CHECK (at <> 0),
    org        TEXT   NOT NULL,
    request    TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    from_state TEXT   NOT NULL,
    to_state   TEXT   NOT NULL,
    by_whom    TEXT   NOT NULL, -- empty: the bot itself
    note       TEXT   NOT NULL,
    refused    TEXT   NOT NULL  -- empty: it was done
);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END;

CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;
