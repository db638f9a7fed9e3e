-- A request for a key that takes over from another one names that one's request,
-- so that whatever ends the one finds the other. The predecessor never changes.
ALTER TABLE request ADD COLUMN predecessor TEXT NOT NULL DEFAULT ''; -- empty: no rotation

UPDATE request SET predecessor = COALESCE(json_extract(body, '$.of'), '')
WHERE json_extract(body, '$.purpose') = 'rotation';

CREATE INDEX request_by_predecessor ON request (predecessor) WHERE predecessor <> '';
