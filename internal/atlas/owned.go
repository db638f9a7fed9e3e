package atlas

import (
	"context"
	"maps"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// projectOwner is the role that Atlas assigns to the key that creates a project.
const projectOwner = "GROUP_OWNER"

// owned lists the projects that a key owns because it created them, by id: those
// outside its spec where its only role is owner, if its spec lets it create
// projects. Atlas's events prove it. An event feed or a list of projects that
// cannot be read does not fail the inspection.
func (k *Keys) owned(ctx context.Context, o approval.KeySpec, key Key) []approval.OwnedProject {
	if !o.Access.MayCreateProjects() {
		return nil
	}
	ordered := projectRoles(o.Access)
	known := map[string]approval.OwnedProject{}
	for _, p := range o.Owns {
		known[string(p.ID)] = p
	}
	var owns []approval.OwnedProject
	isNews, isUnproven := false, false
	for _, id := range slices.Sorted(maps.Keys(key.Projects)) {
		if _, isOrdered := ordered[id]; isOrdered || !slices.Equal(key.Projects[id], []string{projectOwner}) {
			continue
		}
		p, isKnown := known[id]
		p.ID = policy.ProjectID(id)
		isNews, isUnproven = isNews || !isKnown, isUnproven || !p.Proven
		owns = append(owns, p)
	}
	if isNews {
		k.nameProjects(ctx, owns)
	}
	if isUnproven {
		k.proveOwned(ctx, o, key, owns)
	}
	return owns
}

func (k *Keys) nameProjects(ctx context.Context, owns []approval.OwnedProject) {
	all, err := k.api.ListProjects(ctx)
	if err != nil {
		k.api.log.WarnContext(ctx, "reading the names of projects that a key created", "error", err)
		return
	}
	for i, p := range owns {
		for _, named := range all {
			if named.ID == string(p.ID) {
				owns[i].Name = named.Name
			}
		}
	}
}

// proveOwned looks up in the events who created the projects.
func (k *Keys) proveOwned(ctx context.Context, o approval.KeySpec, key Key, owns []approval.OwnedProject) {
	since := o.MadeAt
	if !since.IsZero() {
		since = since.Add(-time.Minute) // clocks differ
	}
	events, err := k.api.Events(ctx, since, EventProjectCreated)
	if err != nil {
		k.api.log.WarnContext(ctx, "reading who created a project", "error", err)
		return
	}
	for i, p := range owns {
		isCreation := func(e Event) bool { return e.Project == string(p.ID) && e.Actor == key.PublicKey }
		owns[i].Proven = p.Proven || slices.ContainsFunc(events, isCreation)
	}
}
