package atlas

import (
	"maps"
	"net/netip"
	"slices"

	"atlaskeybot/internal/approval"
)

// drift says in what a key differs from its order.
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

// projectRoles are the roles of an order by project, each once and sorted.
func projectRoles(a approval.Access) map[string][]string {
	roles := map[string][]string{}
	for _, p := range a.Projects {
		id := string(p.ID)
		roles[id] = set(append(roles[id], names(p.Roles)...))
	}
	return roles
}

// projectsOf is what key may do in projects, by id. Their names are those of the
// order: Atlas does not tell them along with a key.
func projectsOf(key Key, a approval.Access) []approval.ProjectAccess {
	ordered := map[approval.ProjectID]string{}
	for _, p := range a.Projects {
		ordered[p.ID] = p.Name
	}
	var projects []approval.ProjectAccess
	for _, id := range slices.Sorted(maps.Keys(key.Projects)) {
		p := approval.Project{ID: approval.ProjectID(id), Name: ordered[approval.ProjectID(id)]}
		projects = append(projects, approval.ProjectAccess{Project: p, Roles: rolesOf(key.Projects[id])})
	}
	return projects
}

func names(roles []approval.Role) []string {
	var all []string
	for _, r := range roles {
		all = append(all, string(r))
	}
	return all
}

func rolesOf(names []string) []approval.Role {
	var roles []approval.Role
	for _, n := range names {
		roles = append(roles, approval.Role(n))
	}
	return roles
}
