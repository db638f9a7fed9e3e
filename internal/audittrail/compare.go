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
	// clockSkew bounds the difference between the clocks of the bot and of Atlas,
	// which truncates its times to the second.
	clockSkew = time.Minute

	// maxIssueTime bounds the time from the line about a creation to the last call.
	maxIssueTime = 2 * time.Minute

	// feedDelay bounds the time until an event appears in the feed.
	feedDelay = 5 * time.Minute
)

// A comparison compares the audit trail with the events of Atlas in one
// organization. An event names its actor and the key by their public keys; it has
// no ID and no description.
type comparison struct {
	window  Filter // since and until
	now     time.Time
	botKey  string // the public key with which Atlas was read
	entries []approval.AuditEntry
	events  []atlas.Event // from before the window on
	keys    []atlas.Key   // that exist now

	tooYoung, keyless int // lines that were not compared

	projects, goneProjects int // whose feeds were read, and could not be read

	linesByKey map[string][]approval.AuditEntry // the lines about a key, by its public key
	attempts   []attempt
	botKeys    map[string]bool        // the public keys of the bot, present and past
	created    map[string]atlas.Event // by the key that was created
	deleted    map[string]bool
	creators   map[string]string    // of projects, by their ids
	tagged     map[string]policy.ID // keys that carry the tag of this bot
}

// An attempt may have created one key that no line names.
type attempt struct {
	at      time.Time
	request policy.ID
	used    bool // its key is known
}

// run returns the differences, oldest first.
func (c *comparison) run() []Difference {
	c.readEvents()
	c.readEntries()
	c.readTags()
	found := append(c.notRecorded(), c.notInAtlas()...)
	slices.SortStableFunc(found, func(a, b Difference) int { return a.At.Compare(b.At) })
	return found
}

// readEvents sorts and indexes the events. A list that grows while it is read in
// pages has some twice.
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

// readEntries indexes the lines, and finds the public keys that the bot has used:
// its credential may have changed.
func (c *comparison) readEntries() {
	c.linesByKey, c.botKeys = map[string][]approval.AuditEntry{}, map[string]bool{c.botKey: true}
	open := map[policy.ID]int{} // the index in attempts of the attempt under way
	for _, e := range c.entries {
		if e.Key != "" {
			c.linesByKey[e.Key] = append(c.linesByKey[e.Key], e)
		}
		switch e.Event {
		case approval.EventCreateStarted:
			open[e.Request] = len(c.attempts)
			c.attempts = append(c.attempts, attempt{at: e.At, request: e.Request})
		case approval.EventKeyCreated:
			if i, ok := open[e.Request]; ok && e.Key != "" {
				c.attempts[i].used = true
			}
			if by := c.created[e.Key].Actor; by != "" {
				c.botKeys[by] = true
			}
		}
	}
}

// readTags finds the keys that carry the tag of this bot. Its name is that on the
// keys that the trail knows; if none of those exists, a tag that names a request of
// the trail counts.
func (c *comparison) readTags() {
	marks, bots, requests := map[string]atlas.Tag{}, map[string]bool{}, map[policy.ID]bool{}
	for _, e := range c.entries {
		requests[e.Request] = true
	}
	for _, k := range c.keys {
		m, ok := readTag(k.Description)
		if !ok {
			continue
		}
		marks[k.PublicKey] = m
		if len(c.linesByKey[k.PublicKey]) > 0 {
			bots[m.Bot] = true
		}
	}
	c.tagged = map[string]policy.ID{}
	for key, m := range marks {
		if bots[m.Bot] || len(bots) == 0 && requests[policy.ID(m.Request)] {
			c.tagged[key] = policy.ID(m.Request)
		}
	}
}

// readTag reads the [atlas.Tag] at the end of a description.
func readTag(description string) (atlas.Tag, bool) {
	var m atlas.Tag
	end := description[max(strings.LastIndex(description, "keybot "), 0):]
	_, err := fmt.Sscanf(end, "keybot %s attempt %d of %s", &m.Request, &m.Attempt, &m.Bot)
	return m, err == nil && m.String() == end
}

// deletesKey reports whether a line is about the deletion of a key.
func deletesKey(e approval.AuditEntry) bool {
	switch e.Event {
	case approval.EventDeleted, approval.EventDeletedExternally:
		return true
	case approval.EventCreateStarted, approval.EventReturnToApproved, approval.EventFail: // with a key: the one that was deleted
		return e.Key != ""
	}
	return false
}

// notInAtlas finds the lines for which there is no event.
func (c *comparison) notInAtlas() []Difference {
	var found []Difference
	reported := map[string]bool{} // each key once
	for _, e := range c.entries {
		isMade := e.Event == approval.EventKeyCreated
		switch {
		case !c.window.isWithin(e.At) || !isMade && !deletesKey(e):
		case e.Key == "":
			c.keyless++
		case c.now.Sub(e.At) < feedDelay:
			c.tooYoung++
		case isMade && c.created[e.Key].Target == "":
			found = append(found, unexplained(e, "the trail says that the bot created this key, and Atlas has no event about it"))
		case !isMade && !c.deleted[e.Key] && !reported[e.Key]:
			reported[e.Key] = true
			found = append(found, unexplained(e, "the trail says that this key was deleted, and Atlas has no event about it"))
		}
	}
	return found
}
