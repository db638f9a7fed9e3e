package atlas

import "slices"

// The operations on the keys of a project.

func (o *Organization) listProjectKeys(c *call) (any, *refusal) {
	var views []keyView
	for _, k := range o.visible() {
		if k.inProject(c.path["groupId"]) {
			views = append(views, o.show(k))
		}
	}
	return paginate(c, views), nil
}

// createProjectKey makes an organization key; Atlas adds ORG_MEMBER itself.
func (o *Organization) createProjectKey(c *call) (any, *refusal) {
	in, refused := keyBody(c)
	switch {
	case refused != nil:
		return nil, refused
	case !in.hasDesc:
		return nil, noDesc.of()
	}
	if refused := o.checkRoles(in.roles, groupRoles, orgRoles, orgRole); refused != nil {
		return nil, refused
	}
	roles := append([]Role{{OrgID: o.id, Name: "ORG_MEMBER"}}, groupScoped(c.path["groupId"], in.roles)...)
	k, refused := o.add(in.desc, roles, c.caller)
	if refused != nil {
		return nil, refused
	}
	o.happenedIn(c.path["groupId"], addedToGroup, c.caller, k)
	return o.showOnce(k), nil
}

// assignKey takes an array of role lists, and refuses a key that is there.
func (o *Organization) assignKey(c *call) (any, *refusal) {
	names, refused := assignedRoles(c.body)
	if refused != nil {
		return nil, refused
	}
	if refused := o.checkRoles(names, groupRoles, orgRoles, orgRole); refused != nil {
		return nil, refused
	}
	k, refused := o.write(c.path["id"])
	switch {
	case refused != nil:
		return nil, refused
	case k.inProject(c.path["groupId"]):
		return nil, alreadyInGroup.of()
	}
	o.assign(k, c.path["groupId"], names, c.caller)
	return nil, nil
}

// assign makes names the roles that k has in a project, whether or not it is
// there already.
func (o *Organization) assign(k *key, group string, names []string, by actor) {
	what := addedToGroup
	if k.inProject(group) {
		what = rolesChanged
	}
	k.leave(group)
	k.roles = append(k.roles, groupScoped(group, names)...)
	o.happenedIn(group, what, by, k)
}

// leave takes away what k may do in a project.
func (k *key) leave(group string) {
	k.roles = slices.DeleteFunc(k.roles, func(r Role) bool { return r.GroupID == group })
}

func assignedRoles(body []byte) ([]string, *refusal) {
	var items []attributes
	if refused := decodeInto(body, &items); refused != nil {
		return nil, refused
	}
	var names []string
	for _, item := range items {
		if refused := item.check("roles", "desc"); refused != nil {
			return nil, refused
		}
		var roles []string
		if _, refused := item.read("roles", &roles); refused != nil {
			return nil, refused
		}
		names = append(names, roles...)
	}
	return names, nil
}

// updateAssignment replaces the project roles; those not named go. A key that is
// not in the project is put there, which is how the Atlas CLI and Vault's
// secrets engine assign a key.
func (o *Organization) updateAssignment(c *call) (any, *refusal) {
	in, refused := keyBody(c)
	switch {
	case refused != nil:
		return nil, refused
	case !in.hasDesc && !in.hasRoles:
		return nil, missingAttribute.of("roles")
	}
	if in.hasRoles {
		if refused := o.checkRoles(in.roles, groupRoles, orgRoles, orgRole); refused != nil {
			return nil, refused
		}
	}
	k, refused := o.write(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	if in.hasDesc && in.desc != k.desc {
		k.desc = in.desc
		o.happened(descChanged, c.caller, k, "")
	}
	if in.hasRoles {
		o.assign(k, c.path["groupId"], in.roles, c.caller)
	}
	return o.show(k), nil
}

// unassignKey leaves the key in the organization.
func (o *Organization) unassignKey(c *call) (any, *refusal) {
	k, refused := o.write(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	if !k.inProject(c.path["groupId"]) {
		return nil, noSuchKey.of(k.id)
	}
	k.leave(c.path["groupId"])
	o.happenedIn(c.path["groupId"], leftGroup, c.caller, k)
	return nil, nil
}
