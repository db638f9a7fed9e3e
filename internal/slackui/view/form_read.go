package view

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
)

// ReadForm is a modal as it was sent. What Slack's menus cannot produce is passed
// on as it is: the policy refuses it.
func ReadForm(v payload.SentView) FormState {
	meta := ParseFormMetadata(v.Metadata)
	d := FormState{Form: policy.Form{IdempotencyKey: v.ID, Org: meta.Org}}
	for _, f := range fields {
		f.read(v.Input(InputID(f.id, meta.OrgIndex)), &d)
	}
	return d
}

// ChosenOrg is what is chosen in the menu of organizations; empty if there is
// none.
func ChosenOrg(v payload.SentView) policy.OrgID {
	if o := v.Input(string(policy.FieldOrg)).Selected; o != nil {
		return policy.OrgID(o.Value)
	}
	return ""
}

// SwitchOrg is the form for the organization that is chosen now. For another one
// than before it has what was typed, and nothing that was chosen.
func SwitchOrg(v payload.SentView) FormState {
	d, org := ReadForm(v), ChosenOrg(v)
	if org == "" || org == d.Org {
		return d
	}
	switched := FormState{Form: policy.Form{IdempotencyKey: d.IdempotencyKey, Org: org}}
	for _, f := range fields {
		if !f.perOrg {
			f.read(v.Input(string(f.id)), &switched)
		}
	}
	return switched
}

// FormToRequestAgain is the form that r came from, to be filled in the same way under the
// rules of now.
func FormToRequestAgain(p policy.Policy, r approval.Request) FormState {
	d := FormState{Form: FormOf(WithOfferedPresets(r.Access, p))}
	d.Org, d.Reason, d.Details = r.Org, r.Reason, r.Details.Clone()
	for _, project := range r.Access.Projects {
		d.ChosenProjects = append(d.ChosenProjects, project.Project)
	}
	return d
}

// WithOfferedPresets is a with the names of networks that can still be picked; the
// addresses of others are like typed ones.
func WithOfferedPresets(a policy.Access, p policy.Policy) policy.Access {
	a.NetworkPresets = slices.DeleteFunc(slices.Clone(a.NetworkPresets), func(n policy.NetworkPreset) bool {
		return !slices.ContainsFunc(mrkdwn.OfferedNetworks(p), func(o policy.NetworkPreset) bool { return o.Name == n.Name })
	})
	return a
}

// FormOf is a form that asks for a. Every project has the same roles.
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

// formatAddresses lists addresses as a user would type them, one a line: all but those
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

// A FormMetadata is the organization that a form shows the choices of, and its
// index in the list then. The form carries it in its private_metadata: what is
// chosen in its menu can be newer, and the list another one after a deploy.
type FormMetadata struct {
	Org      policy.OrgID
	OrgIndex int // from 0
}

// Encode writes d as private_metadata.
func (d FormMetadata) Encode() string {
	v := url.Values{"org": {string(d.Org)}}
	if d.OrgIndex > 0 {
		v.Set("index", decimal(d.OrgIndex))
	}
	return v.Encode()
}

// ParseFormMetadata reads what it can and leaves out the rest.
func ParseFormMetadata(text string) FormMetadata {
	v, err := url.ParseQuery(text)
	if err != nil {
		return FormMetadata{}
	}
	index, _ := strconv.Atoi(v.Get("index"))
	return FormMetadata{Org: policy.OrgID(v.Get("org")), OrgIndex: max(index, 0)}
}
