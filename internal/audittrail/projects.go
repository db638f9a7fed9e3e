package audittrail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
)

// readProjects adds the events of the projects that the bot's keys have, had or
// created: an event about a key in a project is in the feed of that project alone.
// A deleted project has no feed.
func (a *Comparer) readProjects(ctx context.Context, api *atlas.Client, c *comparison) error {
	projects, err := a.projectsOf(ctx, c)
	if err != nil {
		return err
	}
	for _, project := range projects {
		events, err := api.ProjectEvents(ctx, project, feedStart(c.entries, c.window),
			atlas.EventRolesChanged, eventAddedToProject, eventRemovedFromProject)
		if e, ok := errors.AsType[*atlas.Error](err); ok && e.Code == "GROUP_NOT_FOUND" {
			c.goneProjects++
			continue
		}
		if err != nil {
			return err
		}
		c.events = append(c.events, events...)
		c.projects++
	}
	return nil
}

// projectsOf returns the IDs of those projects.
func (a *Comparer) projectsOf(ctx context.Context, c *comparison) ([]string, error) {
	all, seen, ours := map[string]bool{}, map[policy.ID]bool{}, map[string]bool{}
	for _, e := range c.entries {
		ours[e.Key] = true
		if seen[e.Request] {
			continue
		}
		seen[e.Request] = true
		r, err := a.Store.Get(ctx, e.Request)
		if errors.Is(err, approval.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading request %s: %w", e.Request, err)
		}
		for _, p := range r.Access.Projects {
			all[string(p.ID)] = true
		}
		for _, p := range r.Owns {
			all[string(p.ID)] = true
		}
	}
	for _, k := range c.keys {
		if _, isMarked := readTag(k.Description); !isMarked && !ours[k.PublicKey] {
			continue
		}
		for id := range k.Projects {
			all[id] = true
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}
