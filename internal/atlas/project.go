package atlas

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// A Project of the organization. The API calls it a group.
type Project struct {
	ID   string // 24 hexadecimal digits
	Name string
}

// ListProjects returns all projects of the organization, in Atlas's order.
func (c *Client) ListProjects(ctx context.Context) ([]Project, error) {
	call := call{op: "listing the projects", method: http.MethodGet, path: c.orgPath() + "/groups"}
	bodies, err := pages[projectBody](ctx, c.session(), call)
	if err != nil {
		return nil, err
	}
	var projects []Project
	for _, b := range bodies {
		if !isID(b.ID) || b.OrgID != c.org {
			c.log.WarnContext(ctx, "leaving out a project that is not as documented", "project", idOrNothing(b.ID), "org", c.org)
			continue
		}
		projects = append(projects, Project{ID: b.ID, Name: b.Name})
	}
	if len(projects) == 0 && len(bodies) > 0 {
		return nil, &Error{Op: call.op, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
	}
	return projects, nil
}

type projectBody struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	OrgID string `json:"orgId"`
}

// checkProjects refuses projects that cannot be assigned, before a key exists.
func (w KeySpec) checkProjects() error {
	for _, id := range slices.Sorted(maps.Keys(w.Projects)) {
		switch {
		case !isID(id):
			return &Error{Op: opAssign, Kind: Permanent, Fields: []string{"project"}, Err: errors.New("this is not the id of a project")}
		case len(w.Projects[id]) == 0:
			return &Error{Op: opAssign, Kind: Permanent, Fields: []string{"roles"}, Err: errors.New("it has no role there")}
		}
	}
	return nil
}

const opAssign = "giving an API key its roles in a project"

// assign assigns a key's roles in one project and compares the whole key in the
// response with the spec.
//
// It uses PATCH, which adds a key to a project as well as changing its roles, and
// so may be repeated. POST refuses a key that is in the project already: after a
// lost response, the repetition would look like a refusal.
func (s *session) assign(ctx context.Context, keyID, project string, w KeySpec) error {
	body, err := json.Marshal(map[string]any{"roles": set(w.Projects[project])})
	if err != nil {
		return &Error{Op: opAssign, Kind: Permanent, Err: errors.New("it cannot be written as JSON")}
	}
	answer, err := s.do(ctx, call{op: opAssign, method: http.MethodPatch, path: projectKeyPath(project, keyID), body: body})
	if err != nil {
		return projectNotAccessible(err)
	}
	var b keyBody
	if json.Unmarshal(answer, &b) != nil {
		return &Error{Op: opAssign, Kind: Transient, Status: http.StatusOK, Err: errNotUnderstood}
	}
	key, err := b.key(s.client.org)
	if err == nil && key.ID != keyID {
		err = errNotUnderstood
	}
	if err != nil {
		return &Error{Op: opAssign, Kind: Transient, Status: http.StatusOK, Err: err}
	}
	if b.isForeign(s.client.org) || !w.contains(key, project) {
		return &Error{Op: opAssign, Kind: Mismatch, Status: http.StatusOK, Err: errors.New("the key has other roles")}
	}
	return nil
}

// contains reports whether key has its roles in the organization and in project,
// and no other role that w does not name. Whether Atlas returns the key's roles in
// other projects is not documented.
func (w KeySpec) contains(key Key, project string) bool {
	if _, there := key.Projects[project]; !there || !slices.Equal(key.Roles, set(w.Roles)) {
		return false
	}
	for id, roles := range key.Projects {
		if !slices.Equal(roles, set(w.Projects[id])) {
			return false
		}
	}
	return true
}

// projectNotAccessible turns a missing permission into a refusal: the credential has
// just created a key in the organization, so it only lacks this project.
func projectNotAccessible(err error) error {
	e, ok := errors.AsType[*Error](err)
	if ok && e.Kind == InvalidCredential && slices.Contains(forbiddenCodes, e.Code) {
		e.Kind, e.Fields = Permanent, []string{"project"}
	}
	return err
}

func projectKeyPath(project, keyID string) string {
	return "/api/atlas/v2/groups/" + url.PathEscape(project) + "/apiKeys/" + url.PathEscape(keyID)
}
