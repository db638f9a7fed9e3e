package atlas

import (
	"net/netip"
	"slices"
	"strconv"
)

// admit applies k's access list to a request from addr, and counts the use.
// Both the API and [Organization.Use] come through here.
func (o *Organization) admit(k *key, addr netip.Addr) *refusal {
	if len(k.entries) == 0 {
		if o.requireList {
			return listRequired.of(addr.String())
		}
		return nil
	}
	e := k.entryFor(addr)
	if e == nil {
		return notOnList.of(addr.String())
	}
	e.count++
	e.lastUsed = o.now()
	e.lastFrom = addr
	return nil
}

func checkVersion(c *call) *refusal {
	if c.route.unversioned {
		return nil
	}
	if c.Header.Get("Accept") != versioned {
		return noVersion.of()
	}
	if len(c.body) > 0 && c.Header.Get("Content-Type") != versioned {
		return noVersion.of()
	}
	return nil
}

func checkPath(c *call) *refusal {
	for name, value := range c.path {
		if name != "entry" && !objectID.MatchString(value) {
			return badPath.of(c.URL.Path)
		}
	}
	return nil
}

func checkQuery(c *call) *refusal {
	for name, values := range c.URL.Query() {
		if !slices.Contains(c.route.query, name) || (len(values) > 1 && name != "eventType") {
			return badQuery.of(name)
		}
	}
	if _, _, bad := c.page(); bad != "" {
		return badQuery.of(bad)
	}
	return nil
}

// page is the page asked for; bad names the parameter that is not valid.
func (c *call) page() (number, size int, bad string) {
	number, size = 1, 100
	query := c.URL.Query()
	var err error
	if s := query.Get("pageNum"); query.Has("pageNum") {
		if number, err = strconv.Atoi(s); err != nil || number < 1 {
			return 0, 0, "pageNum"
		}
	}
	if s := query.Get("itemsPerPage"); query.Has("itemsPerPage") {
		if size, err = strconv.Atoi(s); err != nil || size < 1 || size > 500 {
			return 0, 0, "itemsPerPage"
		}
	}
	if s := query.Get("includeCount"); query.Has("includeCount") && s != "true" && s != "false" {
		return 0, 0, "includeCount"
	}
	return number, size, ""
}

// checkScope checks that the organization and the project exist and are not
// another organization's.
func (o *Organization) checkScope(c *call) *refusal {
	if org, ok := c.path["orgId"]; ok && org != o.id {
		if o.organization(org) != nil {
			return foreignOrg.of()
		}
		return noSuchOrg.of(org)
	}
	if group, ok := c.path["groupId"]; ok && o.project(group) == nil {
		if o.hasProject(group) {
			return notInGroup.of()
		}
		return noSuchGroup.of(group)
	}
	return nil
}

// checkRole answers a role that is too low with a 401 that, unlike a
// challenge, has an X-Error-Code and no WWW-Authenticate.
func (o *Organization) checkRole(c *call) *refusal {
	k, group := c.caller.key, c.path["groupId"]
	isOwner := k.hasAny("", "ORG_OWNER")
	allowed := false
	switch c.route.needs {
	case anyone:
		allowed = true
	case member:
		allowed = k.hasAny("", orgRoles...)
	case owner:
		allowed = isOwner
	case projectReader:
		allowed = isOwner || k.inProject(group) || k.hasAny("", "ORG_READ_ONLY")
	case projectKeeper:
		allowed = isOwner || k.hasAny(group, "GROUP_OWNER", "GROUP_ACCESS_MANAGER")
	case projectOwner:
		allowed = isOwner || k.hasAny(group, "GROUP_OWNER")
	}
	switch {
	case allowed:
		return nil
	case group != "" && !k.inProject(group):
		return notInGroup.of()
	}
	return roleTooLow.of()
}
