package view

import (
	"slices"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// read is the form as it was sent, of a modal with these inputs, named as in
// the first organization's form. What Slack's menus cannot produce is passed on
// as it is: the policy refuses it.
func (b BlockIDs) Read(v payload.SentView) FormState {
	ids := b.Shown(v)
	d := FormState{Form: policy.Form{
		IdempotencyKey: v.ID,
		Org:            ParseFormMetadata(v.Metadata).Org,
		Description:    v.Input(ids[policy.FieldDescription]).Text(),
		Roles:          selectedValues[policy.Role](v.Input(ids[policy.FieldRoles])),
		ProjectRoles:   selectedValues[policy.Role](v.Input(ids[policy.FieldProjectRoles])),
		NetworkPresets: selectedValues[string](v.Input(ids[policy.FieldNetworkPresets])),
		Networks:       v.Input(ids[policy.FieldNetworks]).Text(),
		Lifetime:       v.Input(ids[policy.FieldLifetime]).Span(),
		Reason:         v.Input(ids[policy.FieldReason]).Text(),
	}}
	for _, o := range v.Input(ids[policy.FieldProjects]).Chosen {
		d.Projects = append(d.Projects, policy.ProjectID(o.Value))
		d.ChosenProjects = append(d.ChosenProjects, policy.Project{ID: policy.ProjectID(o.Value), Name: o.Text.Text})
	}
	return d
}

// chosenOrg is what is chosen in the menu of organizations; empty if there is
// none.
func (b BlockIDs) ChosenOrg(v payload.SentView) policy.OrgID {
	if o := v.Input(b[policy.FieldOrg]).Selected; o != nil {
		return policy.OrgID(o.Value)
	}
	return ""
}

// switchOrg is the form for the organization that is chosen now. For another one
// than before it has what was typed, and nothing that was chosen.
func (b BlockIDs) SwitchOrg(v payload.SentView) FormState {
	d, org := b.Read(v), b.ChosenOrg(v)
	if org == "" || org == d.Org {
		return d
	}
	return FormState{Form: policy.Form{IdempotencyKey: d.IdempotencyKey, Org: org, Description: d.Description, Networks: d.Networks, Reason: d.Reason}}
}

// filledIn is the form in which a key is asked for as it was sent.
func FilledIn(v payload.SentView) FormState { return FormBlocks.Read(v) }

// again is the form that r came from, to be filled in the same way under the
// rules of now.
func Again(p policy.Policy, r approval.Request) FormState {
	d := FormState{Form: FormOf(StillNamed(r.Access, p))}
	d.Org, d.Reason = r.Org, r.Reason
	for _, project := range r.Access.Projects {
		d.ChosenProjects = append(d.ChosenProjects, project.Project)
	}
	return d
}

// stillNamed is a with the names of networks that can still be picked; the
// addresses of others are like typed ones.
func StillNamed(a policy.Access, p policy.Policy) policy.Access {
	a.NetworkPresets = slices.DeleteFunc(slices.Clone(a.NetworkPresets), func(n policy.NetworkPreset) bool {
		return !slices.ContainsFunc(mrkdwn.OfferedNetworks(p), func(o policy.NetworkPreset) bool { return o.Name == n.Name })
	})
	return a
}

// formOf is a form that asks for a. Every project has the same roles.
func FormOf(a policy.Access) policy.Form {
	f := policy.Form{
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
func formatAddresses(a policy.Access) string {
	var rest policy.Access
	for _, n := range a.Networks {
		isNamed := slices.ContainsFunc(a.NetworkPresets, func(named policy.NetworkPreset) bool { return slices.Contains(named.Networks, n) })
		if !isNamed {
			rest.Networks = append(rest.Networks, n)
		}
	}
	return strings.ReplaceAll(addresses(rest), ", ", "\n")
}

func selectedValues[T ~string](in payload.Input) []T {
	var all []T
	for _, o := range in.Chosen {
		all = append(all, T(o.Value))
	}
	return all
}
