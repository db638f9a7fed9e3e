package audittrail

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
)

const (
	// clockSkew is how far the bot's clock and Atlas's may be apart; Atlas cuts
	// its own to the second.
	clockSkew = time.Minute

	// makingTakes bounds the time from a line that says that Atlas will be
	// called to the last call.
	makingTakes = 2 * time.Minute

	// feedDelay is how late an event may appear.
	feedDelay = 5 * time.Minute
)

// A comparison is of the audit trail with Atlas's events. An event names who
// did it and which key by public keys; it has no id and no description.
type comparison struct {
	window  Filter // since and until
	now     time.Time
	login   string // with which Atlas was read
	entries []approval.AuditEntry
	events  []atlas.Event // from before the window on
	keys    []atlas.Key   // those there are now

	tooYoung, keyless int // lines that were not compared

	projects, goneProjects int // whose feeds were read, and could not be

	about    map[string][]approval.AuditEntry // the lines about a key, by its public key
	attempts []attempt
	bots     map[string]bool        // the logins of the bot, present and past
	created  map[string]atlas.Event // by the key that was made
	deleted  map[string]bool
	creators map[string]string    // of projects, by their ids
	marked   map[string]policy.ID // keys that carry this bot's mark
}

// An attempt may have made one key that no line names.
type attempt struct {
	at      time.Time
	request policy.ID
	spent   bool // its key is known
}

// run returns what is different, oldest first.
func (c *comparison) run() []Difference {
	c.readEvents()
	c.readEntries()
	c.readMarks()
	found := append(c.notRecorded(), c.notInAtlas()...)
	slices.SortStableFunc(found, func(a, b Difference) int { return a.At.Compare(b.At) })
	return found
}

// readEvents puts them in order. A list that grows while it is read in pages
// has some twice.
func (c *comparison) readEvents() {
	slices.SortStableFunc(c.events, func(a, b atlas.Event) int {
		if byTime := a.At.Compare(b.At); byTime != 0 {
			return byTime
		}
		return strings.Compare(a.ID, b.ID)
	})
	c.events = slices.CompactFunc(c.events, func(a, b atlas.Event) bool { return a.ID == b.ID })
	c.created, c.deleted, c.creators = map[string]atlas.Event{}, map[string]bool{}, map[string]string{}
	for _, e := range c.events {
		switch e.Type {
		case atlas.EventKeyCreated:
			c.created[e.Target] = e
		case atlas.EventKeyDeleted:
			c.deleted[e.Target] = true
		case atlas.EventProjectCreated:
			c.creators[e.Project] = e.Actor
		}
	}
}

// readEntries learns which keys the trail knows, and with which logins the bot
// made them: its credential may have been another once.
func (c *comparison) readEntries() {
	c.about, c.bots = map[string][]approval.AuditEntry{}, map[string]bool{c.login: true}
	open := map[policy.ID]int{} // the attempt under way, by its place in attempts
	for _, e := range c.entries {
		if e.Key != "" {
			c.about[e.Key] = append(c.about[e.Key], e)
		}
		switch e.Event {
		case approval.EventCreateStarted:
			open[e.Request] = len(c.attempts)
			c.attempts = append(c.attempts, attempt{at: e.At, request: e.Request})
		case approval.EventKeyCreated:
			if i, ok := open[e.Request]; ok && e.Key != "" {
				c.attempts[i].spent = true
			}
			if by := c.created[e.Key].Actor; by != "" {
				c.bots[by] = true
			}
		}
	}
}

// readMarks finds the keys that carry the mark of this bot, which is the one
// on the keys that the trail knows. If none of those is left, the requests
// that a mark names have to do.
func (c *comparison) readMarks() {
	marks, bots, requests := map[string]atlas.Tag{}, map[string]bool{}, map[policy.ID]bool{}
	for _, e := range c.entries {
		requests[e.Request] = true
	}
	for _, k := range c.keys {
		m, ok := readMark(k.Description)
		if !ok {
			continue
		}
		marks[k.PublicKey] = m
		if len(c.about[k.PublicKey]) > 0 {
			bots[m.Bot] = true
		}
	}
	c.marked = map[string]policy.ID{}
	for key, m := range marks {
		if bots[m.Bot] || len(bots) == 0 && requests[policy.ID(m.Request)] {
			c.marked[key] = policy.ID(m.Request)
		}
	}
}

// readMark reads the mark that a description ends with: what [atlas.Tag] writes.
func readMark(description string) (atlas.Tag, bool) {
	var m atlas.Tag
	end := description[max(strings.LastIndex(description, "keybot "), 0):]
	_, err := fmt.Sscanf(end, "keybot %s attempt %d of %s", &m.Request, &m.Attempt, &m.Bot)
	return m, err == nil && m.String() == end
}

// removes reports whether a line says that a key is not there any more.
func removes(e approval.AuditEntry) bool {
	switch e.Event {
	case approval.EventDeleted, approval.EventDeletedExternally:
		return true
	case approval.EventCreateStarted, approval.EventReturnToApproved, approval.EventFail: // with a key: the one that went
		return e.Key != ""
	}
	return false
}

// notInAtlas finds what the trail says was done there, and no event tells of.
func (c *comparison) notInAtlas() []Difference {
	var found []Difference
	told := map[string]bool{} // a key is missed once
	for _, e := range c.entries {
		isMade := e.Event == approval.EventKeyCreated
		switch {
		case !c.window.isWithin(e.At) || !isMade && !removes(e):
		case e.Key == "":
			c.keyless++
		case c.now.Sub(e.At) < feedDelay:
			c.tooYoung++
		case isMade && c.created[e.Key].Target == "":
			found = append(found, unexplained(e, "the trail says that the bot made this key, and Atlas's events do not"))
		case !isMade && !c.deleted[e.Key] && !told[e.Key]:
			told[e.Key] = true
			found = append(found, unexplained(e, "the trail says that this key is gone, and Atlas's events tell of no deletion"))
		}
	}
	return found
}
