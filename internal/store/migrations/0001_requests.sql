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
