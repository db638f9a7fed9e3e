-- Every line of the audit trail gets the hash of the one before it and its own,
-- over all that it says; docs/audit.md explains how. Lines that are there
-- already get theirs in the same transaction, by the program: SQLite has no
-- SHA-256. After that no line is without.
ALTER TABLE audit ADD COLUMN public_key TEXT NOT NULL DEFAULT ''; -- of the key that the line is about
ALTER TABLE audit ADD COLUMN key_id     TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN prev       TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN hash       TEXT NOT NULL DEFAULT '';

-- The end of the chain, one row. Whoever adds a line changes it first, and so
-- waits for whoever is adding one.
CREATE TABLE audit_head (
    one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT   NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');

DROP TRIGGER audit_is_never_changed;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit WHEN OLD.hash <> ''
BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END;

CREATE TRIGGER audit_is_only_continued BEFORE INSERT ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE seq = NEW.seq AND hash = NEW.prev)
BEGIN SELECT RAISE(ABORT, 'the audit trail is written by the bot alone'); END;

CREATE TRIGGER audit_head_never_goes_back BEFORE UPDATE ON audit_head WHEN NEW.seq < OLD.seq
BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;

CREATE TRIGGER audit_head_is_never_removed BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;
