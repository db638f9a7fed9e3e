// Package approval is the life of a request for an Atlas API key: its record, its
// states, and the steps between them. It knows no Slack, no Atlas, no SQL and no
// HTTP, and reaches them through ports: [Requests], [Lists], [Work], [Messages] and
// [AuditTrail] for the database, [Keys] for Atlas, [Messenger] for Slack.
//
// A requester submits a form, and the request is on disk before people hear of it.
// Approvers approve or deny it. The requester presses a button, and only then the
// worker creates the key, puts its access list on it and shows the private half
// once, which is stored nowhere. The requester says that it is saved, or was never
// seen. At its end date, or when it is revoked, the key is deleted.
//
// Package policy holds the rules, package service what people do, and package worker
// what the bot does. Both change a request by its pure methods alone, each of which
// returns a [Step]. What follows from a step is due by the request's own row and read
// from it, so that a crash at any point loses nothing.
package approval
