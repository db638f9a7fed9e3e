package atlas

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Types of events that concern keys, as Atlas spells them.
const (
	EventKeyCreated   = "API_KEY_CREATED"
	EventKeyDeleted   = "API_KEY_DELETED"
	EventAccessAdded  = "API_KEY_ACCESS_LIST_ENTRY_ADDED"
	EventAccessTaken  = "API_KEY_ACCESS_LIST_ENTRY_DELETED"
	EventRolesChanged = "API_KEY_ROLES_CHANGED"
)

// An Event is one line of the organization's activity feed: a second witness of
// what happened to keys.
type Event struct {
	ID     string    `json:"id"`
	At     time.Time `json:"created"`
	Type   string    `json:"eventTypeName"`
	Actor  string    `json:"publicKey"`       // the key that did it; empty for a person
	Target string    `json:"targetPublicKey"` // the key that it was done to
	From   string    `json:"remoteAddress"`
}

// Events lists what happened since a moment, newest first. Without types it
// lists everything.
func (c *Client) Events(ctx context.Context, since time.Time, types ...string) ([]Event, error) {
	query := url.Values{
		"minDate":   {since.UTC().Truncate(time.Second).Format(time.RFC3339)},
		"eventType": types,
	}
	return pages[Event](ctx, c.session(), call{
		op:     "listing the organization's events",
		method: http.MethodGet,
		path:   c.orgPath() + "/events",
		query:  query,
	})
}
