package atlas

import (
	"net/http"
	"net/url"
	"strings"
)

// needs is the role that a caller needs.
type needs int

const (
	anyone        needs = iota
	member              // any role in the organization
	owner               // Organization Owner
	projectReader       // any role in the project, or one that reads all projects
	projectKeeper       // may manage access to the project
	projectOwner
)

// A route is one operation of the API.
type route struct {
	method      string
	template    string // below prefix; parameters in braces
	prefix      string
	needs       needs
	limit       limit
	query       []string // parameters it takes
	unversioned bool     // no version in media types
	serve       func(*Organization, *call) (any, *refusal)
}

const (
	v2      = "/api/atlas/v2"
	private = "/api/private"
)

var paged = []string{"pageNum", "itemsPerPage", "includeCount"}

// routes lists every operation that this Atlas knows.
func routes() []route {
	const (
		keys    = "/orgs/{orgId}/apiKeys"
		list    = "/orgs/{orgId}/apiKeys/{id}/accessList"
		project = "/groups/{groupId}/apiKeys"
	)
	return []route{
		{"GET", keys, v2, member, keyLimit, paged, false, (*Organization).listKeys},
		{"POST", keys, v2, owner, keyLimit, nil, false, (*Organization).createKey},
		{"GET", keys + "/{id}", v2, member, keyLimit, nil, false, (*Organization).getKey},
		{"PATCH", keys + "/{id}", v2, owner, keyLimit, nil, false, (*Organization).updateKey},
		{"DELETE", keys + "/{id}", v2, owner, keyLimit, nil, false, (*Organization).deleteKey},

		{"GET", list, v2, member, keyLimit, paged, false, (*Organization).listEntries},
		{"POST", list, v2, owner, keyLimit, paged, false, (*Organization).addEntries},
		{"GET", list + "/{entry}", v2, member, keyLimit, nil, false, (*Organization).getEntry},
		{"DELETE", list + "/{entry}", v2, owner, keyLimit, nil, false, (*Organization).deleteEntry},

		{"GET", project, v2, projectReader, groupKeyLimit, paged, false, (*Organization).listProjectKeys},
		{"POST", project, v2, projectKeeper, groupKeyLimit, nil, false, (*Organization).createProjectKey},
		{"POST", project + "/{id}", v2, projectOwner, groupKeyLimit, nil, false, (*Organization).assignKey},
		{"PATCH", project + "/{id}", v2, projectKeeper, groupKeyLimit, nil, false, (*Organization).updateAssignment},
		{"DELETE", project + "/{id}", v2, projectKeeper, groupKeyLimit, nil, false, (*Organization).unassignKey},

		{"GET", "", v2, anyone, rootLimit, nil, false, (*Organization).systemStatus},
		{"GET", "/orgs", v2, anyone, orgListLimit, append([]string{"name"}, paged...), false, (*Organization).listOrgs},
		{"GET", "/orgs/{orgId}", v2, member, orgLimit, nil, false, (*Organization).getOrg},
		{"GET", "/orgs/{orgId}/settings", v2, member, settingsLimit, nil, false, (*Organization).getSettings},
		{"GET", "/orgs/{orgId}/groups", v2, member, groupLimit, append([]string{"name"}, paged...), false, (*Organization).listProjects},
		{"GET", "/orgs/{orgId}/events", v2, member, eventLimit, append([]string{"eventType", "minDate", "maxDate", "includeRaw"}, paged...), false, (*Organization).listEvents},
		{"GET", "/groups/{groupId}/events", v2, projectReader, eventLimit, append([]string{"eventType", "minDate", "maxDate", "includeRaw"}, paged...), false, (*Organization).listEvents},
		{"POST", "/groups", v2, anyone, groupsLimit, []string{"projectOwnerId"}, false, (*Organization).createProject},
		{"GET", "/groups", v2, anyone, groupsLimit, paged, false, (*Organization).listProjects},
		{"GET", "/ipinfo", private, anyone, unlimited, nil, true, (*Organization).ipInfo},
	}
}

// Operation names what r asks for: the verb and the template below
// /api/atlas/v2, "DELETE /orgs/{orgId}/apiKeys/{id}". The system status is
// "GET /", and what is no operation is the verb and the path as sent.
func Operation(r *http.Request) string {
	found, _, ok := match(r.Method, r.URL)
	switch {
	case !ok:
		return r.Method + " " + r.URL.EscapedPath()
	case found.prefix == private:
		return r.Method + " " + private + found.template
	case found.template == "":
		return r.Method + " /"
	}
	return r.Method + " " + found.template
}

// match finds the route of a request. It works on the escaped path, where a
// %2F within an entry separates nothing.
func match(method string, u *url.URL) (route, map[string]string, bool) {
	for _, candidate := range routes() {
		rest, below := strings.CutPrefix(u.EscapedPath(), candidate.prefix)
		if !below || candidate.method != method {
			continue
		}
		if parameters, ok := fill(candidate.template, rest); ok {
			return candidate, parameters, true
		}
	}
	return route{}, nil, false
}

// fill matches path with template, segment by segment.
func fill(template, path string) (map[string]string, bool) {
	names, values := strings.Split(template, "/"), strings.Split(path, "/")
	if len(names) != len(values) {
		return nil, false
	}
	parameters := map[string]string{}
	for i, name := range names {
		if !strings.HasPrefix(name, "{") {
			if name != values[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(values[i])
		if err != nil || value == "" {
			return nil, false
		}
		parameters[strings.Trim(name, "{}")] = value
	}
	return parameters, true
}
