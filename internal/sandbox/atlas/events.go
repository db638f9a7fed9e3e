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
	groupCreated eventType = "GROUP_CREATED"

	inheritsUIList eventType = "API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_ENABLED"
	inheritsNoMore eventType = "API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_DISABLED"
)

// event is one line of a feed. The subject is known by its public key alone.
// What happens to a key in a project is in that project's feed only; that a
// project was made is in both.
type event struct {
	id, kind string
	at       time.Time
	by       actor
	group    string // the project; empty: the organization
	target   string // public key
	entry    string
	from     string
}

// isIn reports whether e is in the feed of a project, or of the organization if
// group is empty.
func (e event) isIn(group string) bool {
	return e.group == group || group == "" && e.kind == string(groupCreated)
}

// eventView is an event as recorded, undocumented members included.
type eventView struct {
	APIKeyID        string `json:"apiKeyId,omitempty"` // of the actor
	Created         string `json:"created"`
	EventTypeName   string `json:"eventTypeName"`
	GroupID         string `json:"groupId,omitempty"`
	ID              string `json:"id"`
	IsGlobalAdmin   bool   `json:"isGlobalAdmin"`
	Links           []link `json:"links"`
	OrgID           string `json:"orgId,omitempty"`
	PublicKey       string `json:"publicKey,omitempty"` // of the actor
	RemoteAddress   string `json:"remoteAddress"`
	TargetPublicKey string `json:"targetPublicKey,omitempty"`
	Username        string `json:"username,omitempty"` // a person in the UI
	WhitelistEntry  string `json:"whitelistEntry,omitempty"`
}

// eventPage returns 0 for a count that was not requested, as recorded.
type eventPage struct {
	Links      []link      `json:"links"`
	Results    []eventView `json:"results"`
	TotalCount int         `json:"totalCount"`
}

// happened adds to the organization's feed.
func (o *Organization) happened(kind eventType, by actor, k *key, entry string) {
	o.events = append(o.events, event{
		id: o.newID(), kind: string(kind), at: o.now(), by: by,
		target: k.publicKey, entry: entry, from: o.seenFrom.String(),
	})
}

// happenedIn adds to the feed of a project. Without k it is about the project.
func (o *Organization) happenedIn(group string, kind eventType, by actor, k *key) {
	e := event{id: o.newID(), kind: string(kind), at: o.now(), by: by, group: group, from: o.seenFrom.String()}
	if k != nil {
		e.target = k.publicKey
	}
	o.events = append(o.events, e)
}

// listEvents answers newest first, of a project or of the organization.
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
		wanted := e.isIn(c.path["groupId"]) && (!query.Has("eventType") || slices.Contains(query["eventType"], e.kind))
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
		GroupID: e.group, RemoteAddress: e.from, TargetPublicKey: e.target, Username: e.by.username, WhitelistEntry: e.entry,
	}
	if e.group == "" {
		view.OrgID = o.id
	} else {
		view.Links = self("/groups/" + e.group + "/events/" + e.id)
	}
	if e.by.key != nil {
		view.APIKeyID, view.PublicKey = e.by.key.id, e.by.key.publicKey
	}
	return view
}
