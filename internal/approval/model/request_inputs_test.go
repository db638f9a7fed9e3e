package model_test

import (
	"net/netip"
	"strings"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// A requestInput is a form that people fill in, and by hand what it asks for.
type requestInput struct {
	org      policy.OrgID
	fill     func(*policy.Form)
	want     policy.Access
	mistaken bool
}

var toBoth = []policy.ProjectAccess{
	{Project: payments, Roles: []policy.Role{inRead}}, {Project: search, Roles: []policy.Role{inRead}},
}

var wishes = map[string]requestInput{
	"plain": {org: org, fill: func(f *policy.Form) { f.Lifetime = shortLife },
		want: access(shortLife, []string{"203.0.113.7/32"}, billing)},
	"wide": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.Networks, f.Lifetime = []policy.Role{readers, billing}, "203.0.113.0/24 198.51.100.9", longLife
	}, want: access(longLife, []string{"203.0.113.0/24", "198.51.100.9/32"}, readers, billing)},
	"admin": {org: org, fill: func(f *policy.Form) { f.Roles, f.Lifetime = []policy.Role{admins}, longLife },
		want: access(longLife, []string{"203.0.113.7/32"}, admins)},
	"owner": {org: org, fill: func(f *policy.Form) { f.Roles, f.Lifetime = []policy.Role{owners}, shortLife },
		want: access(shortLife, []string{"203.0.113.7/32"}, owners)},
	"all": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.NetworkPresets, f.Networks, f.Lifetime = []policy.Role{readers, owners}, []string{"office"}, "", shortLife
	}, want: access(shortLife, []string{"203.0.112.0/22"}, readers, owners)},
	"ci": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.NetworkPresets, f.Networks, f.Lifetime = []policy.Role{readers}, []string{"ci"}, "", shortLife
	}, want: access(shortLife, []string{"198.51.100.7/32", "198.51.100.8/32"}, readers)},
	"ci and more": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.NetworkPresets, f.Networks, f.Lifetime = []policy.Role{readers}, []string{"ci"}, "198.51.100.9", longLife
	}, want: access(longLife, []string{"198.51.100.7/32", "198.51.100.8/32", "198.51.100.9/32"}, readers)},
	"projects": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.Projects, f.ProjectRoles, f.Lifetime = []policy.Role{readers}, []policy.ProjectID{payments.ID, search.ID}, []policy.Role{inRead}, longLife
	}, want: withProjects(access(longLife, []string{"203.0.113.7/32"}, readers), toBoth...)},
	"own a project": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.Projects, f.ProjectRoles, f.Lifetime = []policy.Role{billing}, []policy.ProjectID{search.ID}, []policy.Role{inOwn}, longLife
	}, want: withProjects(access(longLife, []string{"203.0.113.7/32"}, billing), policy.ProjectAccess{Project: search, Roles: []policy.Role{inOwn}})},
	"staging": {org: org2, fill: func(f *policy.Form) { f.Lifetime = longLife },
		want: access(longLife, []string{"203.0.113.7/32"}, billing)},

	"owner for long":  {org: org, fill: func(f *policy.Form) { f.Roles, f.Lifetime = []policy.Role{owners}, longLife }, want: access(0, nil, owners), mistaken: true},
	"from everywhere": {org: org, fill: func(f *policy.Form) { f.Networks = "0.0.0.0/0" }, mistaken: true},
	"projects of staging": {org: org2, fill: func(f *policy.Form) {
		f.Projects, f.ProjectRoles = []policy.ProjectID{search.ID}, []policy.Role{inRead}
	}, mistaken: true},
	"an owner of staging": {org: org2, fill: func(f *policy.Form) { f.Roles = []policy.Role{owners} }, mistaken: true},
	"nowhere":             {org: nowhere, fill: func(*policy.Form) {}},

	// In an emergency the lifetime and the projects of the form are not read.
	"emergency": {org: org, fill: func(f *policy.Form) {
		f.Roles, f.Lifetime, f.Projects, f.ProjectRoles = []policy.Role{owners}, longLife, []policy.ProjectID{search.ID}, []policy.Role{inOwn}
	}, want: access(glassLife, []string{"203.0.113.7/32"}, owners)},
	"emergency for readers": {org: org, fill: func(f *policy.Form) { f.Roles = []policy.Role{readers} }, mistaken: true},
	"emergency of staging":  {org: org2, fill: func(f *policy.Form) { f.Roles = []policy.Role{owners} }, mistaken: true},
}

func access(life time.Duration, networks []string, roles ...policy.Role) policy.Access {
	return policy.Access{Description: "billing export", Roles: roles, Networks: prefixes(networks...), Lifetime: life}
}

func withProjects(a policy.Access, all ...policy.ProjectAccess) policy.Access {
	a.Projects = all
	return a
}

// reductions are what approvers leave of a, and by hand what that should be.
// Some of them are more than a.
var reductions = map[string]func(a policy.Access) (n policy.PartialApproval, want policy.Access, mistaken bool){
	"all of it": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) { return allOf(a), a, false },
	"one role": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		n.Roles, want.Roles = a.Roles[:1], a.Roles[:1]
		return n, want, false
	},
	"one network": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		n.Networks, want.Networks = typed(a.Networks[:1]), a.Networks[:1]
		return n, want, false
	},
	"one address": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		n.Networks, want.Networks = "203.0.113.7", prefixes("203.0.113.7/32")
		return n, want, !reaches(a.Networks, want.Networks)
	},
	"shorter": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		n.Lifetime, want.Lifetime = shortLife, shortLife
		return n, want, a.Lifetime < shortLife
	},
	"no projects": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		n.Projects, want.Projects = nil, nil
		return n, want, false
	},
	"one project, and one that was not asked for": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		want.Projects = a.Projects[:min(len(a.Projects), 1)]
		n.Projects = []policy.ProjectID{"64b000000000000000000009"}
		for _, p := range want.Projects {
			n.Projects = append(n.Projects, p.ID)
		}
		return n, want, false
	},
	"another role": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n := allOf(a)
		n.Roles = append(n.Roles, "ORG_GROUP_CREATOR")
		return n, a, true
	},
	"a wider network": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n, want := allOf(a), a
		n.Networks, want.Networks = "203.0.112.0/23", prefixes("203.0.112.0/23")
		return n, want, !reaches(a.Networks, want.Networks)
	},
	"another address": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n := allOf(a)
		n.Networks += " 192.0.2.1"
		return n, a, true
	},
	"longer": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		n := allOf(a)
		n.Lifetime = 2 * a.Lifetime
		return n, a, true
	},
	"nothing": func(a policy.Access) (policy.PartialApproval, policy.Access, bool) {
		return policy.PartialApproval{}, a, true
	},
}

func allOf(a policy.Access) policy.PartialApproval {
	n := policy.PartialApproval{Roles: append([]policy.Role{}, a.Roles...), Networks: typed(a.Networks), Lifetime: a.Lifetime}
	for _, p := range a.Projects {
		n.Projects = append(n.Projects, p.ID)
	}
	return n
}

func typed(networks []netip.Prefix) string {
	words := make([]string, len(networks))
	for i, n := range networks {
		words[i] = n.String()
	}
	return strings.Join(words, " ")
}

// addresses are the lists that owners ask for in the place of a's.
var addresses = map[string]func(a policy.Access) (f service.AccessListForm, want []netip.Prefix){
	"the first alone": func(a policy.Access) (service.AccessListForm, []netip.Prefix) { return listed(a.Networks[:1]) },
	"one address of it": func(a policy.Access) (service.AccessListForm, []netip.Prefix) {
		return listed([]netip.Prefix{netip.PrefixFrom(a.Networks[0].Addr(), a.Networks[0].Addr().BitLen())})
	},
	"another": func(policy.Access) (service.AccessListForm, []netip.Prefix) {
		return listed(prefixes("198.51.100.99/32"))
	},
	"one more": func(a policy.Access) (service.AccessListForm, []netip.Prefix) {
		return listed(append(append([]netip.Prefix{}, a.Networks...), prefixes("198.51.100.99/32")...))
	},
	"a wider one": func(policy.Access) (service.AccessListForm, []netip.Prefix) {
		return listed(prefixes("203.0.113.0/24"))
	},
	"ci": func(policy.Access) (service.AccessListForm, []netip.Prefix) {
		return service.AccessListForm{NetworkPresets: []string{"ci"}}, prefixes("198.51.100.7/32", "198.51.100.8/32")
	},
	"the same": func(a policy.Access) (service.AccessListForm, []netip.Prefix) { return listed(a.Networks) },
	"a private one": func(policy.Access) (service.AccessListForm, []netip.Prefix) {
		return listed(prefixes("10.0.0.1/32"))
	},
	"a much too wide one": func(policy.Access) (service.AccessListForm, []netip.Prefix) {
		return listed(prefixes("203.0.112.0/22"))
	},
}

func listed(networks []netip.Prefix) (service.AccessListForm, []netip.Prefix) {
	return service.AccessListForm{Networks: typed(networks)}, networks
}

// areMistaken reports whether these networks cannot be requested in place of before.
func areMistaken(of policy.OrgID, f service.AccessListForm, before, want []netip.Prefix) bool {
	for _, n := range want {
		if n.Bits() < 24 || n.Addr().IsPrivate() {
			return true
		}
	}
	return len(f.NetworkPresets) > 0 && of == org2 || isSame(before, want)
}

// extras are how much longer owners want their key.
var extras = map[string]time.Duration{"a little": shortLife, "a lot": longLife, "a minute": time.Minute, "a working day": 8 * time.Hour}
