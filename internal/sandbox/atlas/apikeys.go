package atlas

// The five operations on organization API keys.

func (o *Organization) listKeys(c *call) (any, *refusal) {
	keys := o.visible()
	views := make([]keyView, len(keys))
	for i, k := range keys {
		views[i] = o.show(k)
	}
	return paginate(c, views), nil
}

// createKey is not idempotent, and its answer is the only one that ever shows
// the private key.
func (o *Organization) createKey(c *call) (any, *refusal) {
	in, refused := keyBody(c)
	switch {
	case refused != nil:
		return nil, refused
	case !in.hasDesc:
		return nil, noDesc.of()
	}
	if refused := o.checkRoles(in.roles, orgRoles, groupRoles, groupRole); refused != nil {
		return nil, refused
	}
	k, refused := o.add(in.desc, orgScoped(o.id, in.roles), c.caller)
	if refused != nil {
		return nil, refused
	}
	return o.showOnce(k), nil
}

func (o *Organization) getKey(c *call) (any, *refusal) {
	k, refused := o.read(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	return o.show(k), nil
}

func (o *Organization) updateKey(c *call) (any, *refusal) {
	in, refused := keyBody(c)
	switch {
	case refused != nil:
		return nil, refused
	case !in.hasDesc && !in.hasRoles:
		return nil, missingAttribute.of("desc")
	}
	if in.hasRoles {
		if refused := o.checkRoles(in.roles, orgRoles, groupRoles, groupRole); refused != nil {
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
		o.setRoles(k, in.roles, c.caller)
	}
	return o.show(k), nil
}

func (o *Organization) deleteKey(c *call) (any, *refusal) {
	k, refused := o.write(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	o.remove(k, c.caller)
	return nil, nil
}

// read finds a key as a read sees it, write as it is.
func (o *Organization) read(id string) (*key, *refusal) {
	for _, k := range o.keys {
		if k.id == id && o.shown(k) {
			return k, nil
		}
	}
	return nil, noSuchKey.of(id)
}

func (o *Organization) write(id string) (*key, *refusal) {
	if k := o.living(id); k != nil {
		return k, nil
	}
	return nil, noSuchKey.of(id)
}

// add makes a key and tells of it.
func (o *Organization) add(desc string, roles []Role, by actor) (*key, *refusal) {
	if o.countLiving() >= o.maxKeys {
		return nil, tooManyKeys.of(o.maxKeys, o.id)
	}
	k := o.newKey(desc, roles)
	o.keys = append(o.keys, k)
	o.happened(keyCreated, by, k, "")
	return k, nil
}

// remove ends a key. It stops working at once; reads may show it for a while.
func (o *Organization) remove(k *key, by actor) {
	k.deleted = o.now()
	o.happened(keyDeleted, by, k, "")
}

// setRoles replaces the roles that k has in the organization.
func (o *Organization) setRoles(k *key, names []string, by actor) {
	k.leave("") // those of the organization have no project
	k.roles = append(k.roles, orgScoped(o.id, names)...)
	o.happened(rolesChanged, by, k, "")
}
