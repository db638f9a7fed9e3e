package audittrail

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
)

// A Difference is an event or a line that only one side has.
type Difference struct {
	At      time.Time `json:"at"`
	Source  string    `json:"source"` // the side that has it
	Event   string    `json:"event"`  // its name there
	Key     string    `json:"key"`    // its public key
	Request policy.ID `json:"request"`
	Actor   string    `json:"actor"` // the public key of the actor; empty: a person, or the bot by its own trail
	From    string    `json:"from"`  // the address of the actor
	Ref     string    `json:"ref"`   // the event's id, or the number of the line
	Message string    `json:"message"`

	Org policy.OrgID `json:"org"`
}

// The two sides.
const (
	sourceAtlas = "atlas"
	sourceTrail = "bot"
)

var differenceColumns = []string{"at", "source", "event", "key", "request", "actor", "from", "ref", "message", "org"}

func (d Difference) cells() []string {
	return []string{d.At.Format(time.RFC3339Nano), d.Source, d.Event, d.Key, string(d.Request), d.Actor, d.From, d.Ref, d.Message, string(d.Org)}
}

func unexplained(e approval.AuditEntry, message string) Difference {
	return Difference{
		At: e.At, Source: sourceTrail, Event: string(e.Event), Key: e.Key, Request: e.Request,
		Ref: strconv.FormatInt(e.Seq, 10), Message: message,
	}
}

// notRecorded finds the events about the bot's keys that the bot did not cause.
func (c *comparison) notRecorded() []Difference {
	var found []Difference
	for _, e := range c.events {
		why := c.unexplainedReason(e) // also outside of the window: an attempt explains one key
		if why == "" || !c.window.isWithin(e.At) {
			continue
		}
		found = append(found, Difference{
			At: e.At, Source: sourceAtlas, Event: e.Type, Key: e.Target, Request: c.requestOf(e.Target),
			Actor: e.Actor, From: e.From, Ref: e.ID, Message: why,
		})
	}
	return found
}

func (c *comparison) requestOf(key string) policy.ID {
	if lines := c.linesByKey[key]; len(lines) > 0 {
		return lines[0].Request
	}
	return c.tagged[key]
}

// eventKinds describes what each type of event does to a key.
var eventKinds = map[string]string{
	atlas.EventKeyCreated:    "created this key",
	atlas.EventKeyDeleted:    "deleted this key",
	atlas.EventAccessAdded:   "added to this key's access list",
	atlas.EventAccessRemoved: "took from this key's access list",
	atlas.EventRolesChanged:  "changed this key's roles",
	eventDescriptionChanged:  "changed this key's description",
	eventAddedToProject:      "gave this key access to a project",
	eventRemovedFromProject:  "took this key's access to a project",
	eventInheritanceEnabled:  "let this key be used from the addresses of the organization's UI access list as well as from its own list",
	eventInheritanceDisabled: "let this key be used from its own access list only, no longer from the organization's UI access list",
}

// unexplainedReason returns why an event was not caused by the bot. It returns "" if
// it was, or if the key is not the bot's.
func (c *comparison) unexplainedReason(e atlas.Event) string {
	if eventKinds[e.Type] == "" || e.Target == "" {
		return ""
	}
	switch isBot := c.botKeys[e.Actor]; {
	case c.isProjectCreator(e):
		return ""
	case !isBot && c.isOurs(e.Target):
		return actorText(e) + " " + eventKinds[e.Type]
	case isBot && !c.explained(e):
		return "the bot's own credential " + eventKinds[e.Type] + ", and the trail has no line about it: was the credential used elsewhere?"
	}
	return ""
}

// actorText describes an actor other than the bot, as far as Atlas shows it.
func actorText(e atlas.Event) string {
	switch {
	case e.Delegate.Name != "" || e.Delegate.ID != "":
		return "an application that acts for a person (" + cmp.Or(e.Delegate.Name, e.Delegate.ID) + ")"
	case e.Actor == e.Target && e.Actor != "":
		return "the key itself"
	}
	return "an actor other than the bot"
}

// isProjectCreator reports whether a key came into a project by creating it: Atlas
// makes that key the owner.
func (c *comparison) isProjectCreator(e atlas.Event) bool {
	isInto := e.Type == eventAddedToProject || e.Type == atlas.EventRolesChanged
	return isInto && e.Project != "" && e.Actor == e.Target && c.creators[e.Project] == e.Target
}

func (c *comparison) isOurs(key string) bool {
	return len(c.linesByKey[key]) > 0 || c.tagged[key] != "" || c.botKeys[c.created[key].Actor]
}

// explained reports whether the trail has a reason for an event with the bot's
// credential.
func (c *comparison) explained(e atlas.Event) bool {
	switch e.Type {
	case atlas.EventKeyCreated:
		return len(c.linesByKey[e.Target]) > 0 || c.useAttempt(e.At)
	case atlas.EventKeyDeleted:
		return c.wasToBeDeleted(e)
	case atlas.EventAccessAdded, atlas.EventAccessRemoved:
		return !c.isOurs(e.Target) || c.isBeingIssued(e) || c.isAccessListChange(e)
	case eventAddedToProject:
		return !c.isOurs(e.Target) || c.isBeingIssued(e)
	case atlas.EventRolesChanged: // in a project, a PATCH is recorded so, also when a key is created
		return !c.isOurs(e.Target) || e.Project != "" && c.isBeingIssued(e)
	}
	return !c.isOurs(e.Target) // the bot does nothing else to its keys; its credential may be used on others
}

// useAttempt explains one key by an attempt whose answer was lost.
func (c *comparison) useAttempt(at time.Time) bool {
	i := slices.IndexFunc(c.attempts, func(a attempt) bool { return !a.used && isSoonAfter(at, a.at) })
	if i < 0 {
		return false
	}
	c.attempts[i].used = true
	return true
}

// wasToBeDeleted reports whether a line before the deletion is about the revocation
// of the key. A key that no line names may only be from a lost answer.
func (c *comparison) wasToBeDeleted(e atlas.Event) bool {
	lines := c.linesByKey[e.Target]
	if len(lines) == 0 {
		return c.botKeys[c.created[e.Target].Actor]
	}
	return slices.ContainsFunc(lines, func(l approval.AuditEntry) bool {
		isToGo := l.To == approval.StateRevoking || l.To.Final() || l.Event == approval.EventRollback || l.Event == approval.EventReplace || deletesKey(l)
		return isToGo && !l.At.After(e.At.Add(clockSkew))
	})
}

// isAccessListChange reports whether an access list was changed between the line about
// the change and the end of its request, which may also be a rollback.
func (c *comparison) isAccessListChange(e atlas.Event) bool {
	return slices.ContainsFunc(c.linesByKey[e.Target], func(l approval.AuditEntry) bool {
		if l.Event != approval.EventChangeAccessList || e.At.Before(l.At.Add(-clockSkew)) {
			return false
		}
		by, _ := strings.CutPrefix(l.Note, "by ")
		over := slices.IndexFunc(c.entries, func(o approval.AuditEntry) bool { return string(o.Request) == by && o.To.Final() })
		return over < 0 || !e.At.After(c.entries[over].At.Add(clockSkew))
	})
}

// isBeingIssued reports whether a key got its access list or a project right after its
// creation.
func (c *comparison) isBeingIssued(e atlas.Event) bool {
	if made, ok := c.created[e.Target]; ok {
		return isSoonAfter(e.At, made.At)
	}
	return slices.ContainsFunc(c.linesByKey[e.Target], func(l approval.AuditEntry) bool {
		return l.Event == approval.EventKeyCreated && isSoonAfter(e.At, l.At)
	})
}

func isSoonAfter(at, began time.Time) bool {
	return !at.Before(began.Add(-clockSkew)) && at.Before(began.Add(maxIssueTime+clockSkew))
}
