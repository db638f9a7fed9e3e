package atlas

import (
	"slices"
	"time"
)

// eventType is what happened to a key, by the name Atlas gives it.
type eventType string

const (
	keyCreated   eventType = "API_KEY_CREATED"
	keyDeleted   eventType = "API_KEY_DELETED"
	descChanged  eventType = "API_KEY_DESCRIPTION_CHANGED"
	rolesChanged eventType = "API_KEY_ROLES_CHANGED"
	entryAdded   eventType = "API_KEY_ACCESS_LIST_ENTRY_ADDED"
	entryDeleted eventType = "API_KEY_ACCESS_LIST_ENTRY_DELETED"
	addedToGroup eventType = "API_KEY_ADDED_TO_GROUP"
	leftGroup    eventType = "API_KEY_REMOVED_FROM_GROUP"
)

// event is one line of the feed. The subject is known by its public key alone.
type event struct {
	id, kind string
	at       time.Time
	by       actor
	target   string // public key
	entry    string
	from     string
}

// eventView is an event as recorded, undocumented members included.
type eventView struct {
	APIKeyID        string `json:"apiKeyId,omitempty"` // of the actor
	Created         string `json:"created"`
	EventTypeName   string `json:"eventTypeName"`
	ID              string `json:"id"`
	IsGlobalAdmin   bool   `json:"isGlobalAdmin"`
	Links           []link `json:"links"`
	OrgID           string `json:"orgId"`
	PublicKey       string `json:"publicKey,omitempty"` // of the actor
	RemoteAddress   string `json:"remoteAddress"`
	TargetPublicKey string `json:"targetPublicKey"`
	Username        string `json:"username,omitempty"` // a person in the UI
	WhitelistEntry  string `json:"whitelistEntry,omitempty"`
}

// eventPage says 0 for a count nobody asked for, as recorded.
type eventPage struct {
	Links      []link      `json:"links"`
	Results    []eventView `json:"results"`
	TotalCount int         `json:"totalCount"`
}

// happened adds to the feed.
func (o *Organization) happened(kind eventType, by actor, k *key, entry string) {
	o.events = append(o.events, event{
		id: o.newID(), kind: string(kind), at: o.now(), by: by,
		target: k.publicKey, entry: entry, from: o.seenFrom.String(),
	})
}

// listEvents answers newest first.
func (o *Organization) listEvents(c *call) (any, *refusal) {
	query := c.URL.Query()
	since, refused := queryTime(c, "minDate")
	if refused != nil {
		return nil, refused
	}
	until, refused := queryTime(c, "maxDate")
	if refused != nil {
		return nil, refused
	}
	var views []eventView
	for _, e := range slices.Backward(o.events) {
		wanted := !query.Has("eventType") || slices.Contains(query["eventType"], e.kind)
		if wanted && !e.at.Before(since) && (until.IsZero() || !e.at.After(until)) {
			views = append(views, o.showEvent(e))
		}
	}
	page := paginate(c, views)
	view := eventPage{Links: page.Links, Results: page.Results}
	if page.TotalCount != nil {
		view.TotalCount = *page.TotalCount
	}
	return view, nil
}

func queryTime(c *call, name string) (time.Time, *refusal) {
	s := c.URL.Query().Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, badQuery.of(name)
	}
	return at, nil
}

func (o *Organization) showEvent(e event) eventView {
	view := eventView{
		Created: timestamp(e.at), EventTypeName: e.kind, ID: e.id, Links: self("/groups/null/events/" + e.id),
		OrgID: o.id, RemoteAddress: e.from, TargetPublicKey: e.target, Username: e.by.username, WhitelistEntry: e.entry,
	}
	if e.by.key != nil {
		view.APIKeyID, view.PublicKey = e.by.key.id, e.by.key.publicKey
	}
	return view
}
