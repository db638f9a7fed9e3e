package atlas

import (
	"maps"
	"net/netip"
	"slices"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// drift returns how a key differs from its spec.
func (k *Keys) drift(o approval.KeySpec, key Key, entries []Entry, owns []approval.OwnedProject) approval.Drift {
	d := approval.Drift{Owns: owns}
	key.Projects = maps.Clone(key.Projects)
	for _, p := range owns {
		delete(key.Projects, string(p.ID))
	}
	if !slices.Equal(set(names(o.Access.Roles)), key.Roles) {
		d.RolesChanged, d.Roles = true, rolesOf(key.Roles)
	}
	var listed []netip.Prefix
	for _, e := range entries {
		listed = append(listed, e.From)
	}
	if listed = canonical(listed); !slices.Equal(listed, canonical(o.Access.Networks)) {
		d.NetworksChanged, d.Networks = true, listed
	}
	if !maps.EqualFunc(projectRoles(o.Access), key.Projects, slices.Equal) {
		d.ProjectsChanged, d.Projects = true, projectsOf(key, o.Access)
	}
	d.Renamed = key.Description != Describe(o.Access.Description, k.tag(o.Request, o.Attempt))
	return d
}

// projectRoles returns the roles of a spec by project, each once and sorted.
func projectRoles(a policy.Access) map[string][]string {
	roles := map[string][]string{}
	for _, p := range a.Projects {
		id := string(p.ID)
		roles[id] = set(append(roles[id], names(p.Roles)...))
	}
	return roles
}

// projectsOf returns the projects of key, by id. Their names come from the spec,
// because Atlas does not return them with a key.
func projectsOf(key Key, a policy.Access) []policy.ProjectAccess {
	ordered := map[policy.ProjectID]string{}
	for _, p := range a.Projects {
		ordered[p.ID] = p.Name
	}
	var projects []policy.ProjectAccess
	for _, id := range slices.Sorted(maps.Keys(key.Projects)) {
		p := policy.Project{ID: policy.ProjectID(id), Name: ordered[policy.ProjectID(id)]}
		projects = append(projects, policy.ProjectAccess{Project: p, Roles: rolesOf(key.Projects[id])})
	}
	return projects
}

func names(roles []policy.Role) []string {
	var all []string
	for _, r := range roles {
		all = append(all, string(r))
	}
	return all
}

func rolesOf(names []string) []policy.Role {
	var roles []policy.Role
	for _, n := range names {
		roles = append(roles, policy.Role(n))
	}
	return roles
}
