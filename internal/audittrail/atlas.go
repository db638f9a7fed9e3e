package audittrail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/store"
)

const (
	// atlasAuditLimit bounds the reading of Atlas's events.
	atlasAuditLimit = 5 * time.Minute

	// eventsLead is how much earlier than the window Atlas's events are read, to
	// find the events that earlier lines explain.
	eventsLead = 24 * time.Hour
)

// More types of events that concern keys, in Atlas's spelling. The bot causes none
// of them.
const (
	eventDescriptionChanged = "API_KEY_DESCRIPTION_CHANGED"
	eventAddedToProject     = "API_KEY_ADDED_TO_GROUP"
	eventRemovedFromProject = "API_KEY_REMOVED_FROM_GROUP"

	// A switch in the UI of Atlas. Only these events show it: no field of a key or of
	// its access list does.
	eventInheritanceEnabled  = "API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_ENABLED"
	eventInheritanceDisabled = "API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_DISABLED"
)

// A Comparer compares the audit trail with the events of Atlas.
type Comparer struct {
	Store  *store.Store
	Config config.Config
	Now    func() time.Time

	Organizations []config.Organization // to compare
	Window        Filter                // Since and Until

	Format         string
	Stdout, Stderr io.Writer
}

// ErrDifferences is the error of a comparison that was made and found
// differences.
var ErrDifferences = errors.New("differences between the audit trail and Atlas's events")

// ErrAtlas is the error of a comparison for which Atlas could not be read.
var ErrAtlas = errors.New("atlas's events could not be read")

// Run prints what is in only one of the audit trail and the events of Atlas.
func (a *Comparer) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, atlasAuditLimit)
	defer cancel()
	var found []Difference
	for _, o := range a.Organizations {
		c, err := a.readBothSides(ctx, o)
		if err != nil {
			return err
		}
		for _, d := range c.run() {
			d.Org = o.ID
			found = append(found, d)
		}
		a.printTotals(o, c)
	}
	return a.printDifferences(found)
}

func (a *Comparer) printDifferences(found []Difference) error {
	out, err := newLineWriter(a.Stdout, a.Format, differenceColumns)
	if err != nil {
		return fmt.Errorf("printing the differences: %w", err)
	}
	for _, d := range found {
		if err := out.add(d); err != nil {
			return fmt.Errorf("printing the differences: %w", err)
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %d", ErrDifferences, len(found))
	}
	return nil
}

func (a *Comparer) printTotals(o config.Organization, c *comparison) {
	say := func(format string, args ...any) {
		if o.Prefix != "" { // one of several
			format = o.Name + ": " + format
		}
		fmt.Fprintf(a.Stderr, format+"\n", args...)
	}
	say("compared %d lines of the audit trail with %d events of Atlas", len(c.entries), len(c.events))
	if c.projects+c.goneProjects > 0 {
		say("of these, from the feeds of %d projects; %d deleted projects have none any more", c.projects, c.goneProjects)
	}
	if c.tooYoung > 0 {
		say("%d lines younger than %s were left out: Atlas's events may come late", c.tooYoung, feedDelay)
	}
	if c.keyless > 0 {
		say("%d lines of an older version of the bot name no key and could not be compared", c.keyless)
	}
}

// readBothSides reads Atlas before it reads the trail to its end: the bot records a
// call to Atlas before it makes it.
func (a *Comparer) readBothSides(ctx context.Context, o config.Organization) (*comparison, error) {
	api, err := atlas.New(atlas.Config{
		BaseURL: a.Config.AtlasBaseURL, OrgID: string(o.ID), Now: a.Now, Proxy: a.Config.Proxy,
		Login: atlas.Digest{PublicKey: o.PublicKey, PrivateKey: o.PrivateKey},
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to Atlas: %w", err)
	}
	defer api.Close()
	c := &comparison{window: a.Window, now: a.Now(), botKey: o.PublicKey}
	if c.entries, err = a.entriesOf(ctx, o.ID); err != nil {
		return nil, err
	}
	if c.window.Since.IsZero() {
		c.window.Since = trailStart(c.entries, c.now)
	}
	c.events, err = api.Events(ctx, feedStart(c.entries, c.window),
		atlas.EventKeyCreated, atlas.EventKeyDeleted, atlas.EventAccessAdded, atlas.EventAccessRemoved,
		atlas.EventRolesChanged, atlas.EventProjectCreated, eventDescriptionChanged, eventInheritanceEnabled, eventInheritanceDisabled)
	if err == nil {
		c.keys, err = api.ListKeys(ctx)
	}
	if err == nil {
		err = a.readProjects(ctx, api, c)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAtlas, err)
	}
	c.entries, err = a.entriesOf(ctx, o.ID) // with the lines that were written meanwhile
	return c, err
}

// entriesOf reads the lines of one organization, without those of refused actions,
// which did nothing in Atlas.
func (a *Comparer) entriesOf(ctx context.Context, org policy.OrgID) ([]approval.AuditEntry, error) {
	var all []approval.AuditEntry
	err := a.Store.Audit(ctx, func(e approval.AuditEntry) error {
		if e.Org == org && e.Refused == "" {
			all = append(all, e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail: %w", err)
	}
	return all, nil
}

// trailStart returns when the trail begins. It has no lines for what the bot did in
// Atlas before.
func trailStart(entries []approval.AuditEntry, now time.Time) time.Time {
	if len(entries) == 0 {
		return now
	}
	return entries[0].At.Add(-clockSkew)
}

// feedStart returns from when on the events of Atlas are needed: a key that a line
// reports as deleted may have been deleted at any time since its creation.
func feedStart(entries []approval.AuditEntry, window Filter) time.Time {
	start := window.Since
	made := map[string]time.Time{}
	for _, e := range entries {
		if _, seen := made[e.Key]; !seen && e.Key != "" {
			made[e.Key] = e.At
		}
		if window.isWithin(e.At) && deletesKey(e) && e.Key != "" && made[e.Key].Before(start) {
			start = made[e.Key]
		}
	}
	return start.Add(-eventsLead)
}
