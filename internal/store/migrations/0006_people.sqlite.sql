-- What one person has open and live is counted and listed without reading what
-- is over.
ALTER TABLE request ADD COLUMN new_key BIGINT NOT NULL DEFAULT 0; -- 1: a new key is asked for, and no change or rotation

UPDATE request SET new_key = 1 WHERE COALESCE(json_extract(body, '$.purpose'), '') = '';

CREATE INDEX request_by_requester_state ON request (requester, state, org);
