package slackui

import (
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/approval"
)

// read is the form as it was sent, of a modal with these inputs, named as in
// the first organization's form. What Slack's menus cannot produce is passed on
// as it is: the policy refuses it.
func (b blockIDs) read(v sentView) formState {
	ids := b.shown(v)
	d := formState{Form: approval.Form{
		IdempotencyKey: v.ID,
		Org:            parseFormMetadata(v.Metadata).org,
		Description:    v.input(ids[approval.FieldDescription]).text(),
		Roles:          selectedValues[approval.Role](v.input(ids[approval.FieldRoles])),
		ProjectRoles:   selectedValues[approval.Role](v.input(ids[approval.FieldProjectRoles])),
		NetworkPresets: selectedValues[string](v.input(ids[approval.FieldNetworkPresets])),
		Networks:       v.input(ids[approval.FieldNetworks]).text(),
		Lifetime:       v.input(ids[approval.FieldLifetime]).span(),
		Reason:         v.input(ids[approval.FieldReason]).text(),
	}}
	for _, o := range v.input(ids[approval.FieldProjects]).Chosen {
		d.Projects = append(d.Projects, approval.ProjectID(o.Value))
		d.chosenProjects = append(d.chosenProjects, approval.Project{ID: approval.ProjectID(o.Value), Name: o.Text.Text})
	}
	return d
}

// chosenOrg is what is chosen in the menu of organizations; empty if there is
// none.
func (b blockIDs) chosenOrg(v sentView) approval.OrgID {
	if o := v.input(b[approval.FieldOrg]).Selected; o != nil {
		return approval.OrgID(o.Value)
	}
	return ""
}

// switchOrg is the form for the organization that is chosen now. For another one
// than before it has what was typed, and nothing that was chosen.
func (b blockIDs) switchOrg(v sentView) formState {
	d, org := b.read(v), b.chosenOrg(v)
	if org == "" || org == d.Org {
		return d
	}
	return formState{Form: approval.Form{IdempotencyKey: d.IdempotencyKey, Org: org, Description: d.Description, Networks: d.Networks, Reason: d.Reason}}
}

// filledIn is the form in which a key is asked for as it was sent.
func filledIn(v sentView) formState { return formBlocks.read(v) }

// again is the form that r came from, to be filled in the same way under the
// rules of now.
func again(p approval.Policy, r approval.Request) formState {
	d := formState{Form: formOf(stillNamed(r.Access, p))}
	d.Org, d.Reason = r.Org, r.Reason
	for _, project := range r.Access.Projects {
		d.chosenProjects = append(d.chosenProjects, project.Project)
	}
	return d
}

// stillNamed is a with the names of networks that can still be picked; the
// addresses of others are like typed ones.
func stillNamed(a approval.Access, p approval.Policy) approval.Access {
	a.NetworkPresets = slices.DeleteFunc(slices.Clone(a.NetworkPresets), func(n approval.NetworkPreset) bool {
		return !slices.ContainsFunc(offeredNetworks(p), func(o approval.NetworkPreset) bool { return o.Name == n.Name })
	})
	return a
}

// formOf is a form that asks for a. Every project has the same roles.
func formOf(a approval.Access) approval.Form {
	f := approval.Form{
		Description: a.Description,
		Roles:       a.Roles,
		Networks:    formatAddresses(a),
		Lifetime:    a.Lifetime,
	}
	for _, n := range a.NetworkPresets {
		f.NetworkPresets = append(f.NetworkPresets, n.Name)
	}
	for _, p := range a.Projects {
		f.Projects, f.ProjectRoles = append(f.Projects, p.ID), p.Roles
	}
	return f
}

// formatAddresses lists addresses as somebody would type them, one a line: all but those
// of networks that were picked by their name.
func formatAddresses(a approval.Access) string {
	var rest approval.Access
	for _, n := range a.Networks {
		isNamed := slices.ContainsFunc(a.NetworkPresets, func(named approval.NetworkPreset) bool { return slices.Contains(named.Networks, n) })
		if !isNamed {
			rest.Networks = append(rest.Networks, n)
		}
	}
	return strings.ReplaceAll(addresses(rest), ", ", "\n")
}

func selectedValues[T ~string](in input) []T {
	var all []T
	for _, o := range in.Chosen {
		all = append(all, T(o.Value))
	}
	return all
}

// span is what is chosen in a menu of them; zero, which no policy allows, if
// that is none.
func (in input) span() time.Duration {
	if in.Selected == nil {
		return 0
	}
	d, _ := time.ParseDuration(in.Selected.Value)
	return d
}
