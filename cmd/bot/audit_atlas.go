package main

import (
	"context"
	"fmt"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
)

const (
	// atlasAuditLimit bounds the reading of Atlas's events.
	atlasAuditLimit = 5 * time.Minute

	// eventsBefore is how much earlier than asked Atlas's events are read, to
	// find there what a line was about.
	eventsBefore = 24 * time.Hour
)

// More types of events that concern keys, as Atlas spells them. The bot causes
// none of these.
const (
	eventRenamed     = "API_KEY_DESCRIPTION_CHANGED"
	eventGivenGroup  = "API_KEY_ADDED_TO_GROUP"
	eventTakenFromIt = "API_KEY_REMOVED_FROM_GROUP"

	// A switch in Atlas's pages. Nothing but these events shows it: no field of a
	// key or of its access list does.
	eventInherits     = "API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_ENABLED"
	eventInheritsNone = "API_KEY_UI_IP_ACCESS_LIST_INHERITANCE_DISABLED"
)

// compareWithAtlas prints what only one of the audit trail and Atlas's own
// events tells of, in every organization or in the one that was asked for.
func (a *auditing) compareWithAtlas(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, atlasAuditLimit)
	defer cancel()
	config, orgs, err := a.atlasConfig()
	if err != nil {
		return unchecked{err}
	}
	var found []difference
	for _, o := range orgs {
		c, err := a.bothSides(ctx, config, o)
		if err != nil {
			return unchecked{err}
		}
		for _, d := range c.run() {
			d.Org = o.id
			found = append(found, d)
		}
		a.tellHowMuch(o, c)
	}
	return a.printDifferences(found)
}

func (a *auditing) printDifferences(found []difference) error {
	out, err := newSheet(a.process.stdout, a.format, differenceColumns)
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
		return fmt.Errorf("differences between the audit trail and Atlas's events: %d", len(found))
	}
	return nil
}

func (a *auditing) tellHowMuch(o organization, c *comparison) {
	say := func(format string, args ...any) {
		if o.prefix != "" { // one of several
			format = o.name + ": " + format
		}
		fmt.Fprintf(a.process.stderr, format+"\n", args...)
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

// bothSides reads Atlas before the trail: what the bot does there, it records
// first that it will.
func (a *auditing) bothSides(ctx context.Context, config Config, o organization) (*comparison, error) {
	api, err := atlas.New(atlas.Config{
		BaseURL: config.AtlasBaseURL, OrgID: string(o.id), Now: a.now, Proxy: config.proxy,
		Login: atlas.Digest{PublicKey: o.publicKey, PrivateKey: o.privateKey},
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to Atlas: %w", err)
	}
	defer api.Close()
	c := &comparison{window: a.filter, now: a.now(), login: o.publicKey}
	if c.entries, err = a.entriesOf(ctx, o.id); err != nil {
		return nil, err
	}
	if c.window.since.IsZero() {
		c.window.since = begins(c.entries, c.now)
	}
	c.events, err = api.Events(ctx, feedStart(c.entries, c.window),
		atlas.EventKeyCreated, atlas.EventKeyDeleted, atlas.EventAccessAdded, atlas.EventAccessRemoved,
		atlas.EventRolesChanged, atlas.EventProjectCreated, eventRenamed, eventInherits, eventInheritsNone)
	if err == nil {
		c.keys, err = api.ListKeys(ctx)
	}
	if err == nil {
		err = a.readProjects(ctx, api, c)
	}
	if err != nil {
		says, do := (&checkup{config: config}).atlasWords(err)
		return nil, fmt.Errorf("atlas's events could not be read: %w. %s %s", err, says, do)
	}
	c.entries, err = a.entriesOf(ctx, o.id) // with what was written meanwhile
	return c, err
}

// atlasConfig reads the ATLAS variables alone: whoever audits need not hold
// Slack's secrets. It returns the organizations that are to be compared.
func (a *auditing) atlasConfig() (Config, []organization, error) {
	c, _ := readConfig(a.process.environ) // what it says of other variables is not ours
	if safeURL(c.AtlasBaseURL) != nil {
		return c, nil, fmt.Errorf("ATLAS_BASE_URL is %q: %w", c.AtlasBaseURL, safeURL(c.AtlasBaseURL))
	}
	var orgs []organization
	for _, o := range c.organizations {
		if a.filter.org != "" && a.filter.org != o.id {
			continue
		}
		if !orgID.MatchString(string(o.id)) || o.publicKey == "" || o.privateKey.IsZero() {
			return c, nil, fmt.Errorf("-against-atlas reads Atlas: set %s, %s and %s; a key with Organization Read Only will do",
				o.variable("ATLAS_ORG_ID"), o.variable("ATLAS_PUBLIC_KEY"), o.variable("ATLAS_PRIVATE_KEY"))
		}
		orgs = append(orgs, o)
	}
	if len(orgs) == 0 {
		return c, nil, fmt.Errorf("the environment has no credential for the organization %s", a.filter.org)
	}
	return c, orgs, nil
}

// entriesOf reads what was done in one organization. What was refused did
// nothing there.
func (a *auditing) entriesOf(ctx context.Context, org policy.OrgID) ([]approval.AuditEntry, error) {
	var all []approval.AuditEntry
	err := a.store.Audit(ctx, func(e approval.AuditEntry) error {
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

// begins is when the trail does: what the bot did in Atlas before, it cannot
// tell.
func begins(entries []approval.AuditEntry, now time.Time) time.Time {
	if len(entries) == 0 {
		return now
	}
	return entries[0].At.Add(-clockSkew)
}

// feedStart is from when on Atlas's events are needed: a key that is noted as
// gone may have been deleted at any time since it was made.
func feedStart(entries []approval.AuditEntry, window auditFilter) time.Time {
	start := window.since
	made := map[string]time.Time{}
	for _, e := range entries {
		if _, seen := made[e.Key]; !seen && e.Key != "" {
			made[e.Key] = e.At
		}
		if window.isWithin(e.At) && removes(e) && e.Key != "" && made[e.Key].Before(start) {
			start = made[e.Key]
		}
	}
	return start.Add(-eventsBefore)
}
