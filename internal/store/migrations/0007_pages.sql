-- One person's requests are read a page at a time, newest first.
DROP INDEX request_by_requester;

CREATE INDEX request_by_requester ON request (requester, asked_at DESC, id);
