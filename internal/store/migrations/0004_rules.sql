-- Requests know the approvals that they take and have, who narrowed them, when
-- they are brought up again, access to projects, and keys taken by break-glass.
-- All of that is in the body; what has to be found is a column as well.
ALTER TABLE request ADD COLUMN unsigned BIGINT NOT NULL DEFAULT 0; -- 1: by break-glass, and nobody else has signed it

CREATE INDEX request_by_unsigned ON request (unsigned) WHERE unsigned > 0;
