package atlas

import (
	"slices"
	"time"
)

// The state of an organization, without lag and without private keys.

// A Snapshot is the organization at one moment.
type Snapshot struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	RequireAccessList bool   `json:"require_access_list"`
	SeenFrom          string `json:"seen_from"` // where HTTP callers seem to come from
	Keys              []Key  `json:"keys"`      // the live ones, oldest first

	Projects []Project `json:"projects"` // oldest first
}

// A Project is what the API calls a group.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A Key is one live key.
type Key struct {
	ID         string    `json:"id"`
	PublicKey  string    `json:"public_key"`
	Desc       string    `json:"desc"`
	Roles      []Role    `json:"roles"`
	AccessList []Access  `json:"access_list"`
	Created    time.Time `json:"created"`
	Own        bool      `json:"own"` // the bot's credential
}

// An Access is an entry of an access list and how it was used.
type Access struct {
	Network  string    `json:"network"` // a single address without its mask
	Created  time.Time `json:"created"`
	Count    int       `json:"count"`
	LastUsed time.Time `json:"last_used,omitzero"` // zero: never
	LastFrom string    `json:"last_from,omitempty"`
}

// An Event is one line of the organization's feed, or of a project's.
type Event struct {
	At     time.Time `json:"at"`
	Type   string    `json:"type"`
	By     string    `json:"by"`              // public key, or the name of a person in the UI
	Group  string    `json:"group,omitempty"` // the project
	Target string    `json:"target"`          // public key
	Entry  string    `json:"entry,omitempty"`
}

// Snapshot returns the organization as it is now.
func (o *Organization) Snapshot() Snapshot {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := Snapshot{ID: o.id, Name: o.name, RequireAccessList: o.requireList, SeenFrom: o.seenFrom.String(), Keys: []Key{}, Projects: []Project{}}
	for _, k := range o.keys {
		if k.alive() {
			s.Keys = append(s.Keys, o.seen(k))
		}
	}
	for _, p := range o.projects {
		s.Projects = append(s.Projects, Project{ID: p.id, Name: p.name})
	}
	return s
}

func (o *Organization) seen(k *key) Key {
	view := Key{
		ID: k.id, PublicKey: k.publicKey, Desc: k.desc, Roles: slices.Clone(k.roles),
		AccessList: []Access{}, Created: k.created, Own: k == o.own,
	}
	for _, e := range k.entries {
		a := Access{Network: e.name(), Created: e.created, Count: e.count, LastUsed: e.lastUsed}
		if !e.lastUsed.IsZero() {
			a.LastFrom = addressForm(e.lastFrom)
		}
		view.AccessList = append(view.AccessList, a)
	}
	return view
}

// Credential returns the key the bot calls Atlas with, an Organization Owner.
func (o *Organization) Credential() (publicKey, privateKey string) {
	return o.own.publicKey, o.own.privateKey
}

// Secrets returns every private key ever issued, by the API or manually, including
// those of deleted keys, but not the bot's own; see Credential.
func (o *Organization) Secrets() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	secrets := []string{}
	for _, k := range o.keys {
		if k != o.own {
			secrets = append(secrets, k.privateKey)
		}
	}
	return secrets
}

// Events returns what all feeds hold, oldest first.
func (o *Organization) Events() []Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	events := make([]Event, len(o.events))
	for i, e := range o.events {
		by := e.by.username
		if e.by.key != nil {
			by = e.by.key.publicKey
		}
		events[i] = Event{At: e.at, Type: e.kind, By: by, Group: e.group, Target: e.target, Entry: e.entry}
	}
	return events
}

// Alive reports whether the key with that id exists and works.
func (o *Organization) Alive(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.living(id) != nil
}

// Count returns how many keys are alive beside the bot's own.
func (o *Organization) Count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.countLiving()
	if o.own.alive() {
		n--
	}
	return n
}
