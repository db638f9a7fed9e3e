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

// A Difference is one thing that only one side tells of.
type Difference struct {
	At      time.Time `json:"at"`
	Source  string    `json:"told_by"` // the side that tells of it
	Event   string    `json:"event"`   // by the name that it has there
	Key     string    `json:"key"`     // its public key
	Request policy.ID `json:"request"`
	Actor   string    `json:"actor"` // the public key that did it; empty: a person, or the bot by its own word
	From    string    `json:"from"`  // the address that it was done from
	Ref     string    `json:"ref"`   // the event's id, or the number of the line
	Message string    `json:"says"`

	Org policy.OrgID `json:"org"`
}

// The two sides.
const (
	sourceAtlas = "atlas"
	sourceTrail = "bot"
)

var differenceColumns = []string{"at", "told_by", "event", "key", "request", "actor", "from", "ref", "says", "org"}

func (d Difference) cells() []string {
	return []string{d.At.Format(time.RFC3339Nano), d.Source, d.Event, d.Key, string(d.Request), d.Actor, d.From, d.Ref, d.Message, string(d.Org)}
}

func unexplained(e approval.AuditEntry, says string) Difference {
	return Difference{
		At: e.At, Source: sourceTrail, Event: string(e.Event), Key: e.Key, Request: e.Request,
		Ref: strconv.FormatInt(e.Seq, 10), Message: says,
	}
}

// notRecorded finds what happened to the bot's keys in Atlas, and was not the
// bot's doing.
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
	if lines := c.about[key]; len(lines) > 0 {
		return lines[0].Request
	}
	return c.marked[key]
}

// eventKinds says what each type of event does to a key.
var eventKinds = map[string]string{
	atlas.EventKeyCreated:    "made this key",
	atlas.EventKeyDeleted:    "deleted this key",
	atlas.EventAccessAdded:   "added to this key's access list",
	atlas.EventAccessRemoved: "took from this key's access list",
	atlas.EventRolesChanged:  "changed this key's roles",
	eventRenamed:             "changed this key's description",
	eventGivenGroup:          "gave this key access to a project",
	eventTakenFromIt:         "took this key's access to a project",
	eventInherits:            "let this key be used from the addresses of the organization's UI access list as well as from its own list",
	eventInheritsNone:        "let this key be used from its own access list only, no longer from the organization's UI access list",
}

// unexplainedReason says why an event is not the bot's doing, or nothing if it is, or if
// the key is no business of the bot's.
func (c *comparison) unexplainedReason(e atlas.Event) string {
	if eventKinds[e.Type] == "" || e.Target == "" {
		return ""
	}
	switch isBot := c.bots[e.Actor]; {
	case c.isByCreating(e):
		return ""
	case !isBot && c.isOurs(e.Target):
		return actorWords(e) + " " + eventKinds[e.Type]
	case isBot && !c.explained(e):
		return "the bot's own credential " + eventKinds[e.Type] + ", and the trail does not tell of it: did somebody else use it?"
	}
	return ""
}

// actorWords says who else than the bot did something, as far as Atlas tells.
func actorWords(e atlas.Event) string {
	switch {
	case e.Delegate.Name != "" || e.Delegate.ID != "":
		return "an application that acts for a person (" + cmp.Or(e.Delegate.Name, e.Delegate.ID) + ")"
	case e.Actor == e.Target && e.Actor != "":
		return "the key itself"
	}
	return "somebody else than the bot"
}

// isByCreating reports whether a key came into a project by creating it: Atlas
// makes it the owner.
func (c *comparison) isByCreating(e atlas.Event) bool {
	isInto := e.Type == eventGivenGroup || e.Type == atlas.EventRolesChanged
	return isInto && e.Project != "" && e.Actor == e.Target && c.creators[e.Project] == e.Target
}

func (c *comparison) isOurs(key string) bool {
	return len(c.about[key]) > 0 || c.marked[key] != "" || c.bots[c.created[key].Actor]
}

// explained reports whether the trail has a reason for what was done with the
// bot's credential.
func (c *comparison) explained(e atlas.Event) bool {
	switch e.Type {
	case atlas.EventKeyCreated:
		return len(c.about[e.Target]) > 0 || c.spendAttempt(e.At)
	case atlas.EventKeyDeleted:
		return c.wasToGo(e)
	case atlas.EventAccessAdded, atlas.EventAccessRemoved:
		return !c.isOurs(e.Target) || c.isBeingMade(e) || c.isReaddressed(e)
	case eventGivenGroup:
		return !c.isOurs(e.Target) || c.isBeingMade(e)
	case atlas.EventRolesChanged: // in a project: what PATCH is recorded as, also as a key is made
		return !c.isOurs(e.Target) || e.Project != "" && c.isBeingMade(e)
	}
	return !c.isOurs(e.Target) // the bot does nothing else to keys; its credential may, to others
}

// spendAttempt lets an attempt whose answer was lost explain one key.
func (c *comparison) spendAttempt(at time.Time) bool {
	i := slices.IndexFunc(c.attempts, func(a attempt) bool { return !a.spent && isSoonAfter(at, a.at) })
	if i < 0 {
		return false
	}
	c.attempts[i].spent = true
	return true
}

// wasToGo reports whether a line before the deletion says that the key has to
// go. A key that no line knows may only be what a lost answer left.
func (c *comparison) wasToGo(e atlas.Event) bool {
	lines := c.about[e.Target]
	if len(lines) == 0 {
		return c.bots[c.created[e.Target].Actor]
	}
	return slices.ContainsFunc(lines, func(l approval.AuditEntry) bool {
		isToGo := l.To == approval.StateRevoking || l.To.Final() || l.Event == approval.EventRollback || l.Event == approval.EventReplace || removes(l)
		return isToGo && !l.At.After(e.At.Add(clockSkew))
	})
}

// isReaddressed reports whether an access list was changed between the line that
// says that it will be and the end of the request for it, which may also be that
// all of it was taken back.
func (c *comparison) isReaddressed(e atlas.Event) bool {
	return slices.ContainsFunc(c.about[e.Target], func(l approval.AuditEntry) bool {
		if l.Event != approval.EventChangeAccessList || e.At.Before(l.At.Add(-clockSkew)) {
			return false
		}
		by, _ := strings.CutPrefix(l.Note, "by ")
		over := slices.IndexFunc(c.entries, func(o approval.AuditEntry) bool { return string(o.Request) == by && o.To.Final() })
		return over < 0 || !e.At.After(c.entries[over].At.Add(clockSkew))
	})
}

// isBeingMade reports whether a key got its access list or a project right after
// it was made.
func (c *comparison) isBeingMade(e atlas.Event) bool {
	if made, ok := c.created[e.Target]; ok {
		return isSoonAfter(e.At, made.At)
	}
	return slices.ContainsFunc(c.about[e.Target], func(l approval.AuditEntry) bool {
		return l.Event == approval.EventKeyCreated && isSoonAfter(e.At, l.At)
	})
}

func isSoonAfter(at, began time.Time) bool {
	return !at.Before(began.Add(-clockSkew)) && at.Before(began.Add(makingTakes+clockSkew))
}
