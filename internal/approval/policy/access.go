package policy

import (
	"net/netip"
	"slices"
	"time"
)

// Access is what a key may do, from where and for how long: as requested, or as
// approved.
type Access struct {
	Description string         `json:"description"` // what the key is for; becomes its description in Atlas
	Roles       []Role         `json:"roles"`
	Networks    []netip.Prefix `json:"networks"` // where the key may be used from
	Lifetime    time.Duration  `json:"lifetime"` // from the key's creation, in nanoseconds

	// Projects are what the key may do in single projects, beside its roles in
	// the organization.
	Projects []ProjectAccess `json:"projects,omitempty"`

	// NetworkPresets are those of Networks that were picked by name.
	NetworkPresets []NetworkPreset `json:"network_presets,omitempty"`
}

// A Project of an organization.
type Project struct {
	ID   ProjectID `json:"id"`
	Name string    `json:"name"`
}

// ProjectAccess is what a key may do in one project.
type ProjectAccess struct {
	Project
	Roles []Role `json:"roles"`
}

// A NetworkPreset is a set of networks that people pick by its name, as in
// "office".
type NetworkPreset struct {
	Name     string         `json:"name"`
	Networks []netip.Prefix `json:"networks"`
}

// Clone returns a copy of a that shares no memory with it.
func (a Access) Clone() Access {
	a.Roles = slices.Clone(a.Roles)
	a.Networks = slices.Clone(a.Networks)
	a.Projects = slices.Clone(a.Projects)
	for i := range a.Projects {
		a.Projects[i].Roles = slices.Clone(a.Projects[i].Roles)
	}
	a.NetworkPresets = slices.Clone(a.NetworkPresets)
	for i := range a.NetworkPresets {
		a.NetworkPresets[i].Networks = slices.Clone(a.NetworkPresets[i].Networks)
	}
	return a
}

// AllRoles lists the roles in the organization and in projects, each once.
func (a Access) AllRoles() []Role {
	all := slices.Clone(a.Roles)
	for _, p := range a.Projects {
		all = append(all, p.Roles...)
	}
	return dedupe(all)
}

// FitsForm reports whether a form holds the networks of a, one in a line.
func (a Access) FitsForm() bool {
	length := len(a.Networks) - 1
	for _, n := range a.Networks {
		if n.IsSingleIP() {
			length += len(n.Addr().String())
		} else {
			length += len(n.String())
		}
	}
	return length <= MaxNetworks
}

// createsProjects reports whether a key with these roles may create projects.
func createsProjects(roles []Role) bool {
	return slices.Contains(roles, "ORG_OWNER") || slices.Contains(roles, "ORG_GROUP_CREATOR")
}

// MayCreateProjects reports whether a key with this access may create projects.
func (a Access) MayCreateProjects() bool { return createsProjects(a.Roles) }

// Equal reports whether a and o give the same roles, in the same order, in the same
// project.
func (a ProjectAccess) Equal(o ProjectAccess) bool {
	return a.ID == o.ID && slices.Equal(a.Roles, o.Roles)
}
