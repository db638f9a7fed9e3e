package atlas

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Types of events that concern keys and projects, as Atlas spells them.
const (
	EventKeyCreated     = "API_KEY_CREATED"
	EventKeyDeleted     = "API_KEY_DELETED"
	EventAccessAdded    = "API_KEY_ACCESS_LIST_ENTRY_ADDED"
	EventAccessRemoved  = "API_KEY_ACCESS_LIST_ENTRY_DELETED"
	EventRolesChanged   = "API_KEY_ROLES_CHANGED"
	EventProjectCreated = "GROUP_CREATED"
)

// An Event is one entry of an activity feed. Changes of a key in a project are in
// that project's feed only.
type Event struct {
	ID      string    `json:"id"`
	At      time.Time `json:"created"`
	Type    string    `json:"eventTypeName"`
	Actor   string    `json:"publicKey"`       // the key that did it; empty for a person or a service account
	Person  string    `json:"username"`        // the person who did it, or the name of another actor
	Target  string    `json:"targetPublicKey"` // the key that it was done to
	Project string    `json:"groupId"`         // empty: the organization
	From    string    `json:"remoteAddress"`

	// Delegate acted for the person, such as an application with access to their
	// account. Empty if they acted themselves.
	Delegate Delegate `json:"delegatePrincipal"`
}

// A Delegate acts for a person.
type Delegate struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Events lists the organization's events since a time, newest first. Without
// types it lists all types; for the zero time, all that Atlas has.
func (c *Client) Events(ctx context.Context, since time.Time, types ...string) ([]Event, error) {
	return c.events(ctx, "listing the organization's events", c.orgPath(), since, types)
}

// ProjectEvents is [Client.Events] of one project, by its id.
func (c *Client) ProjectEvents(ctx context.Context, project string, since time.Time, types ...string) ([]Event, error) {
	const op = "listing a project's events"
	if !isID(project) {
		return nil, errInvalidID(op)
	}
	return c.events(ctx, op, "/api/atlas/v2/groups/"+project, since, types)
}

func (c *Client) events(ctx context.Context, op, path string, since time.Time, types []string) ([]Event, error) {
	query := url.Values{"eventType": types}
	if !since.IsZero() {
		query.Set("minDate", since.UTC().Truncate(time.Second).Format(time.RFC3339))
	}
	return pages[Event](ctx, c.session(), call{op: op, method: http.MethodGet, path: path + "/events", query: query})
}
