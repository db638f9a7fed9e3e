-- A database after migration 0002_audit.sqlite.sql, with one request and four
-- lines in the audit trail. One was lost with a transaction: there is no line 3.
CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL);
INSERT INTO schema_version VALUES (1, '0001_requests.sql', 'c52b6c48a1032773934a82c136c3b96d0420bc3c839346f92a1937fcd2f957ad');
INSERT INTO schema_version VALUES (2, '0002_audit.sqlite.sql', 'c513f002a3565b66d69a6e99b32910f1e1507bc68441758e1578521e13b554ca');

-- One row a request. body is the request, as JSON; the other columns are copies
-- of what is in it, or say when somebody has to look at it.
CREATE TABLE request (
    id         TEXT   NOT NULL PRIMARY KEY,
    org        TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    version    BIGINT NOT NULL CHECK (version > 0),
    requester  TEXT   NOT NULL,
    origin     TEXT   NOT NULL UNIQUE,
    asked_at   BIGINT NOT NULL,
    work_at    BIGINT NOT NULL,           -- the worker is due; 0 is never
    work_until BIGINT NOT NULL DEFAULT 0, -- and is leased so long
    draw_at    BIGINT NOT NULL,           -- messages are owed; 0: they are as they should be
    draw_until BIGINT NOT NULL DEFAULT 0,
    body       TEXT   NOT NULL
);

CREATE INDEX request_by_work      ON request (work_at) WHERE work_at > 0;
CREATE INDEX request_by_drawing   ON request (draw_at) WHERE draw_at > 0;
CREATE INDEX request_by_requester ON request (requester, asked_at);

-- Where the messages of a request are, and what they show.
CREATE TABLE message (
    request TEXT   NOT NULL REFERENCES request (id),
    name    TEXT   NOT NULL,
    channel TEXT   NOT NULL,
    ts      TEXT   NOT NULL,
    shown   BIGINT NOT NULL CHECK (shown >= 0), -- the version of the request
    digest  TEXT   NOT NULL,
    PRIMARY KEY (request, name)
);

INSERT INTO request VALUES ('AKR-7F3K2', '5f1f2a3b4c5d6e7f8a9b0c1d', 'api_key', 'active', 9, 'U0BO', 'V0FORM', 1772442000123, 1772445600123, 0, 1772442000123, 0,
    '{"id":"AKR-7F3K2","org":"5f1f2a3b4c5d6e7f8a9b0c1d","kind":"api_key","state":"active","version":9,"requester":"U0BO","origin":"V0FORM","access":{"description":"nightly export","roles":["ORG_READ_ONLY"],"networks":["203.0.113.7/32"],"lifetime":86400000000000},"reason":"TICKET-12","asked_at":"2026-03-02T09:00:00.123Z","lapses_at":"2026-03-02T10:00:00.123Z","decision":{"by":"U0ANA","at":"2026-03-02T09:01:00.123Z","reason":"fine"},"attempt":2,"mint":{"stage":"undoing","collected_at":"2026-03-02T09:00:00.123Z","tries":1,"retry_at":"2026-03-02T09:00:00.123Z","then":"put_back","cause":"not_shown","code":"ratelimited"},"debts":[{"attempt":1,"looks":3,"look_at":"2026-03-02T10:00:00.123Z"}],"key":{"id":"0123456789abcdef01234567","public_key":"abcdefgh","made_at":"2026-03-02T09:00:00.123Z"},"ends_at":"2026-03-03T09:00:00.123Z","custody":{"shown_at":"2026-03-02T09:00:00.123Z","remind_at":"2026-03-02T09:00:00.123Z","confirm_by":"2026-03-02T09:00:00.123Z","reminded":true,"by_use":true},"removal":{"since":"2026-03-02T09:00:00.123Z","tries":4,"retry_at":"2026-03-02T09:00:00.123Z","told":true},"end":{"cause":"revoked","by":"U0BO","at":"2026-03-02T09:00:00.123Z","code":"NONE"},"messages":["card","asked"]}');
INSERT INTO message VALUES ('AKR-7F3K2', 'card', 'C0APPROVERS', '1772442000.000100', 8, 'd1');

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

INSERT INTO audit VALUES (1, 1772442000123, '5f1f2a3b4c5d6e7f8a9b0c1d', 'AKR-7F3K2', 'submit', '', 'pending', 'U0BO', '', '');
INSERT INTO audit VALUES (2, 1772442030000, '5f1f2a3b4c5d6e7f8a9b0c1d', 'AKR-7F3K2', 'approve', 'pending', 'pending', 'U0EVE', '', 'not_approver');
INSERT INTO audit VALUES (4, 1772442060123, '5f1f2a3b4c5d6e7f8a9b0c1d', 'AKR-7F3K2', 'approve', 'pending', 'approved', 'U0ANA', '', '');
INSERT INTO audit VALUES (5, 1772442090123, '5f1f2a3b4c5d6e7f8a9b0c1d', 'AKR-7F3K2', 'made', 'minting', 'minting', '', 'key 0123456789abcdef01234567 abcdefgh', '');
