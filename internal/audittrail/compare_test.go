package audittrail

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/atlas"
)

// Logins and keys of the comparisons below.
const (
	theBot, oldBot, ann       = "botlogin", "oldlogin", "annlogin"
	keyA, keyB, lost, foreign = "aaaaaaaa", "bbbbbbbb", "llllllll", "ffffffff"
)

var began = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

const compareOrg = "5f1f2a3b4c5d6e7f8a9b0c1d"

// minute is some minutes after began.
func minute(minutes float64) time.Time {
	return began.Add(time.Duration(minutes * float64(time.Minute)))
}

// relistsAt are the lines of a change of key B's access list: of its beginning,
// and of its end.
func relistsAt(begins, ends float64, as approval.State) []approval.AuditEntry {
	begun, over := lineAt(begins, approval.EventChangeAccessList, keyB, approval.StateActive), lineAt(ends, approval.EventApply, "", as)
	begun.Note, over.Request = "by AKR-CHNGE", "AKR-CHNGE"
	return []approval.AuditEntry{begun, over}
}

func lineAt(minutes float64, on approval.Event, key string, to ...approval.State) approval.AuditEntry {
	e := approval.AuditEntry{At: minute(minutes), Org: compareOrg, Request: "AKR-00001", Event: on, Key: key, To: approval.StateIssuing}
	for _, s := range to {
		e.To = s
	}
	return e
}

func eventAt(minutes float64, kind, actor, target string) atlas.Event {
	return atlas.Event{ID: fmt.Sprintf("%s %v %s", kind, minutes, target), At: minute(minutes).Truncate(time.Second), Type: kind, Actor: actor, Target: target}
}

// twoKeys is a key that was made, replaced, and whose successor was revoked.
func twoKeys() ([]approval.AuditEntry, []atlas.Event) {
	return []approval.AuditEntry{
			lineAt(0, approval.EventCreateStarted, ""), lineAt(0.1, approval.EventKeyCreated, keyA), lineAt(0.2, approval.EventDeliver, keyA, approval.StateDelivered),
			lineAt(5, approval.EventReplace, keyA), lineAt(5.1, approval.EventCreateStarted, keyA), lineAt(5.2, approval.EventKeyCreated, keyB), lineAt(5.3, approval.EventDeliver, keyB, approval.StateDelivered),
			lineAt(60, approval.EventRevoke, keyB, approval.StateRevoking), lineAt(60.1, approval.EventDeleted, keyB, approval.StateEnded),
		}, []atlas.Event{
			eventAt(0.1, atlas.EventKeyCreated, theBot, keyA), eventAt(0.1, atlas.EventAccessAdded, theBot, keyA),
			eventAt(5.1, atlas.EventKeyDeleted, theBot, keyA), eventAt(5.2, atlas.EventKeyCreated, theBot, keyB), eventAt(5.2, atlas.EventAccessAdded, theBot, keyB),
			eventAt(60, atlas.EventKeyDeleted, theBot, keyB),
		}
}

func taggedKey(key, bot string) atlas.Key {
	return atlas.Key{PublicKey: key, Description: atlas.Describe("nightly export", atlas.Tag{Request: "AKR-00001", Attempt: 1, Bot: bot})}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(c *comparison)
		want []string // event, key, and the beginning of what is said
	}{
		"nothing but the bot's work":                {func(*comparison) {}, nil},
		"clocks that are half a minute apart":       {shiftClock(30 * time.Second), nil},
		"clocks that are half a minute apart, back": {shiftClock(-30 * time.Second), nil},
		"an event that two pages have":              {func(c *comparison) { c.events = append(c.events, c.events[0]) }, nil},
		"roles changed by another actor":            {withEvents(eventAt(30, atlas.EventRolesChanged, ann, keyB)), []string{"API_KEY_ROLES_CHANGED bbbbbbbb an actor other than the bot changed this key's roles"}},
		"roles changed by a person in Atlas":        {withEvents(eventAt(30, atlas.EventRolesChanged, "", keyB)), []string{"API_KEY_ROLES_CHANGED bbbbbbbb an actor other than the bot changed this key's roles"}},
		"an address added by another actor":         {withEvents(eventAt(30, atlas.EventAccessAdded, ann, keyB)), []string{"API_KEY_ACCESS_LIST_ENTRY_ADDED bbbbbbbb an actor other than the bot added to this key's access list"}},
		"an address removed by another actor":       {withEvents(eventAt(30, atlas.EventAccessRemoved, ann, keyB)), []string{"API_KEY_ACCESS_LIST_ENTRY_DELETED bbbbbbbb an actor other than the bot took from this key's access list"}},
		"a project added by another actor":          {withEvents(eventAt(30, eventAddedToProject, ann, keyB)), []string{"API_KEY_ADDED_TO_GROUP bbbbbbbb an actor other than the bot gave this key access to a project"}},
		"a key deleted by another actor first":      {func(c *comparison) { c.events[5].Actor = ann }, []string{"API_KEY_DELETED bbbbbbbb an actor other than the bot deleted this key"}},
		"strangers' keys": {withEvents(eventAt(1, atlas.EventKeyCreated, ann, foreign), eventAt(2, atlas.EventRolesChanged, ann, foreign),
			eventAt(3, atlas.EventKeyDeleted, ann, foreign)), nil},
		"a key of another actor with the tag of the bot": {func(c *comparison) {
			withEvents(eventAt(10, atlas.EventKeyCreated, ann, foreign))(c)
			c.keys = []atlas.Key{taggedKey(foreign, "BOT"), taggedKey(keyB, "BOT")}
		}, []string{"API_KEY_CREATED ffffffff an actor other than the bot created this key"}},
		"a key with another bot's mark": {func(c *comparison) {
			withEvents(eventAt(10, atlas.EventKeyCreated, ann, foreign))(c)
			c.keys = []atlas.Key{taggedKey(foreign, "OTHER"), taggedKey(keyB, "BOT")}
		}, nil},
		"a mark of a request that the trail knows, when no other key is left": {func(c *comparison) {
			withEvents(eventAt(10, atlas.EventKeyCreated, ann, foreign))(c)
			c.keys = []atlas.Key{taggedKey(foreign, "BOT")}
		}, []string{"API_KEY_CREATED ffffffff an actor other than the bot created this key"}},

		"a create whose answer was lost, cleared up later": {func(c *comparison) {
			c.entries = append(c.entries, lineAt(70, approval.EventCreateStarted, ""), lineAt(71, approval.EventReturnToApproved, "", approval.StateApproved), lineAt(72, approval.EventOrphanSearch, "", approval.StateApproved))
			withEvents(eventAt(70.5, atlas.EventKeyCreated, theBot, lost), eventAt(72, atlas.EventKeyDeleted, theBot, lost))(c)
		}, nil},
		"two keys of one attempt": {func(c *comparison) {
			c.entries = append(c.entries, lineAt(70, approval.EventCreateStarted, ""))
			withEvents(eventAt(70.5, atlas.EventKeyCreated, theBot, lost), eventAt(70.6, atlas.EventKeyCreated, theBot, foreign))(c)
		}, []string{"API_KEY_CREATED ffffffff the bot's own credential created this key, and the trail has no line about it"}},
		"a key made with the bot's credential": {withEvents(eventAt(30, atlas.EventKeyCreated, theBot, foreign), eventAt(30, atlas.EventAccessAdded, theBot, foreign)),
			[]string{"API_KEY_CREATED ffffffff the bot's own credential created this key"}},
		"a stranger's key deleted with the bot's credential": {withEvents(eventAt(1, atlas.EventKeyCreated, ann, foreign), eventAt(30, atlas.EventKeyDeleted, theBot, foreign)),
			[]string{"API_KEY_DELETED ffffffff the bot's own credential deleted this key"}},
		"a live key deleted with the bot's credential": {func(c *comparison) {
			c.entries = c.entries[:7]
			c.events[5] = eventAt(30, atlas.EventKeyDeleted, theBot, keyB)
		}, []string{"API_KEY_DELETED bbbbbbbb the bot's own credential deleted this key"}},
		"an address added with the bot's credential, later": {withEvents(eventAt(30, atlas.EventAccessAdded, theBot, keyB)),
			[]string{"API_KEY_ACCESS_LIST_ENTRY_ADDED bbbbbbbb the bot's own credential added to this key's access list"}},
		"another access list, as approved": {func(c *comparison) {
			c.entries = append(c.entries, relistsAt(29, 31, approval.StateApplied)...)
			withEvents(eventAt(30, atlas.EventAccessAdded, theBot, keyB), eventAt(30.5, atlas.EventAccessRemoved, theBot, keyB))(c)
		}, nil},
		"another access list, taken back after an hour": {func(c *comparison) {
			c.entries = append(c.entries, relistsAt(10, 75, approval.StateFailed)...)
			withEvents(eventAt(10, atlas.EventAccessAdded, theBot, keyB), eventAt(74, atlas.EventAccessRemoved, theBot, keyB))(c)
		}, nil},
		"another access list, not finished yet": {func(c *comparison) {
			c.entries = append(c.entries, relistsAt(10, 75, approval.StateFailed)[0])
			withEvents(eventAt(10, atlas.EventAccessAdded, theBot, keyB))(c)
		}, nil},
		"an address taken with the bot's credential, before an approved change": {func(c *comparison) {
			c.entries = append(c.entries, relistsAt(29, 31, approval.StateApplied)...)
			withEvents(eventAt(15, atlas.EventAccessRemoved, theBot, keyB))(c)
		}, []string{"API_KEY_ACCESS_LIST_ENTRY_DELETED bbbbbbbb the bot's own credential took from this key's access list"}},
		"an address taken with the bot's credential, after an approved change": {func(c *comparison) {
			c.entries = append(c.entries, relistsAt(29, 31, approval.StateApplied)...)
			withEvents(eventAt(45, atlas.EventAccessRemoved, theBot, keyB))(c)
		}, []string{"API_KEY_ACCESS_LIST_ENTRY_DELETED bbbbbbbb the bot's own credential took from this key's access list"}},
		"projects given as the key was made": {withEvents(eventAt(5.3, eventAddedToProject, theBot, keyB)), nil},
		"a project given with the bot's credential, later": {withEvents(eventAt(30, eventAddedToProject, theBot, keyB)),
			[]string{"API_KEY_ADDED_TO_GROUP bbbbbbbb the bot's own credential gave this key access to a project"}},
		"roles in a project changed as the key was made": {func(c *comparison) {
			e := eventAt(5.3, atlas.EventRolesChanged, theBot, keyB)
			e.Project = "p1"
			withEvents(e)(c)
		}, nil},
		"a key that owns the project it created": {func(c *comparison) {
			made, given := eventAt(29, atlas.EventProjectCreated, keyB, ""), eventAt(29, eventAddedToProject, keyB, keyB)
			made.Project, given.Project = "p1", "p1"
			withEvents(made, given)(c)
		}, nil},
		"a key that gave itself a project it did not create": {func(c *comparison) {
			given := eventAt(29, eventAddedToProject, keyB, keyB)
			given.Project = "p1"
			withEvents(given)(c)
		}, []string{"API_KEY_ADDED_TO_GROUP bbbbbbbb the key itself gave this key access to a project"}},
		"a key made to inherit the list of the UI": {withEvents(eventAt(30, eventInheritanceEnabled, ann, keyB)),
			[]string{"API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_ENABLED bbbbbbbb an actor other than the bot let this key be used from the addresses of the organization's UI access list"}},
		"something done for a person": {func(c *comparison) {
			e := eventAt(30, atlas.EventRolesChanged, ann, keyB)
			e.Delegate.Name = "an agent"
			withEvents(e)(c)
		}, []string{"API_KEY_ROLES_CHANGED bbbbbbbb an application that acts for a person (an agent) changed this key's roles"}},
		"roles changed with the bot's credential":     {withEvents(eventAt(30, atlas.EventRolesChanged, theBot, keyB)), []string{"API_KEY_ROLES_CHANGED bbbbbbbb the bot's own credential changed this key's roles"}},
		"roles of another key changed with the bot's": {withEvents(eventAt(30, atlas.EventRolesChanged, theBot, foreign)), nil},
		"the bot had another credential then":         {func(c *comparison) { withBotKey(c, oldBot) }, nil},
		"Atlas is read with a key that does nothing":  {func(c *comparison) { c.botKey = "reader" }, nil},
		"the bot had another credential, used by others since": {func(c *comparison) {
			withBotKey(c, oldBot)
			withEvents(eventAt(30, atlas.EventKeyCreated, oldBot, foreign))(c)
		}, []string{"API_KEY_CREATED ffffffff the bot's own credential created this key"}},

		"a key that Atlas does not know of": {func(c *comparison) { c.events = c.events[3:] },
			[]string{"key_created aaaaaaaa the trail says that the bot created this key, and Atlas has no event about it", "create_started aaaaaaaa the trail says that this key was deleted, and Atlas has no event about it"}},
		"a key that is gone by the trail alone": {func(c *comparison) { c.events = c.events[:5] }, []string{"deleted bbbbbbbb the trail says that this key was deleted"}},
		"a key that vanished by the trail alone": {func(c *comparison) {
			c.entries[8] = lineAt(60.1, approval.EventDeletedExternally, keyB, approval.StateEnded)
			c.events = c.events[:5]
		}, []string{"deleted_externally bbbbbbbb the trail says that this key was deleted"}},
		"events that may yet come": {func(c *comparison) { c.events = c.events[:5]; c.now = minute(61) }, nil},
		"lines without a key":      {func(c *comparison) { c.entries = append(c.entries, lineAt(80, approval.EventKeyCreated, "")) }, nil},
		"what was before the time asked for": {func(c *comparison) {
			withEvents(eventAt(30, atlas.EventRolesChanged, ann, keyB))(c)
			c.events = c.events[3:]
			c.window.Since = minute(40)
		}, nil},
		"what was after the time asked for": {func(c *comparison) {
			c.events = c.events[:5]
			c.window.Until = minute(40)
		}, nil},
		"nothing at all": {func(c *comparison) { c.entries, c.events = nil, nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &comparison{now: minute(600), botKey: theBot}
			c.entries, c.events = twoKeys()
			tt.edit(c)
			var got []string
			for _, d := range c.run() {
				got = append(got, d.Event+" "+d.Key+" "+d.Message)
			}
			if !assert.Len(t, got, len(tt.want), "%q", got) {
				return
			}
			for i := range got {
				assert.Contains(t, got[i], tt.want[i])
			}
		})
	}
}

// shiftClock is an edit: Atlas's clock is ahead by d.
func shiftClock(d time.Duration) func(*comparison) {
	return func(c *comparison) {
		for i := range c.events {
			c.events[i].At = c.events[i].At.Add(d)
		}
	}
}

// withEvents is an edit: more events.
func withEvents(more ...atlas.Event) func(*comparison) {
	return func(c *comparison) { c.events = append(c.events, more...) }
}

func withBotKey(c *comparison, login string) {
	for i := range c.events {
		c.events[i].Actor = login
	}
}
