package atlas

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Projects, which the API calls groups: their list, and manual changes in the Atlas
// UI.

// ErrNoProject means that the organization has no such project.
var ErrNoProject = errors.New("no such project")

type project struct {
	id, name string
	created  time.Time
}

// defaultProjects exist from the start, in no order.
func defaultProjects() []string {
	return []string{"Payments staging", "Search", "Payments production", "Analytics", "Data platform", "Mobile backend"}
}

// project returns the one with that id, or nil.
func (o *Organization) project(id string) *project {
	for _, p := range o.projects {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (o *Organization) addProject(name string) *project {
	p := &project{id: o.newID(), name: name, created: o.now()}
	o.projects = append(o.projects, p)
	return p
}

type projectView struct {
	ClusterCount              int       `json:"clusterCount"`
	Created                   string    `json:"created"`
	ID                        string    `json:"id"`
	Links                     []link    `json:"links"`
	Name                      string    `json:"name"`
	OrgID                     string    `json:"orgId"`
	Tags                      []tagView `json:"tags"`
	WithDefaultAlertsSettings bool      `json:"withDefaultAlertsSettings"`
}

type tagView struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// listProjects serves both the organization's projects, filtered by the
// beginning of their names, and the caller's own. They come as they were made:
// Atlas promises no order.
func (o *Organization) listProjects(c *call) (any, *refusal) {
	seesAll := c.caller.key.hasAny("", "ORG_OWNER", "ORG_READ_ONLY")
	var found []projectView
	for _, p := range o.projects {
		if strings.HasPrefix(p.name, c.URL.Query().Get("name")) && (seesAll || c.caller.key.inProject(p.id)) {
			found = append(found, o.showProject(p))
		}
	}
	return paginate(c, found), nil
}

func (o *Organization) showProject(p *project) projectView {
	return projectView{
		Created: timestamp(p.created), ID: p.id, Links: self("/groups/" + p.id),
		Name: p.name, OrgID: o.id, Tags: []tagView{{"stage", "sandbox"}}, WithDefaultAlertsSettings: true,
	}
}

// projectName is the pattern of the specification.
var projectName = regexp.MustCompile(`^[\p{L}\p{N}\-_.(),:&@+' ]{1,64}$`)

// createProject makes a project of a key's organization. The key owns it from
// then on.
func (o *Organization) createProject(c *call) (any, *refusal) {
	var a attributes
	if refused := decodeInto(c.body, &a); refused != nil {
		return nil, refused
	}
	if a == nil {
		return nil, wrongShape.of()
	}
	var name, org string
	refused := a.check("name", "orgId", "regionUsageRestrictions", "tags", "withDefaultAlertsSettings")
	for attribute, into := range map[string]*string{"name": &name, "orgId": &org} {
		if refused != nil {
			return nil, refused
		}
		var isThere bool
		if isThere, refused = a.read(attribute, into); refused == nil && !isThere {
			refused = missingAttribute.of(attribute)
		}
	}
	switch {
	case refused != nil:
		return nil, refused
	case org != o.id && o.organization(org) != nil:
		return nil, foreignOrg.of()
	case org != o.id:
		return nil, noSuchOrg.of(org)
	}
	p, refused := o.newProject(name, c.caller.key)
	if refused != nil {
		return nil, refused
	}
	c.status = http.StatusCreated
	return o.showProject(p), nil
}

// newProject makes a project that by owns, which its feed tells of.
func (o *Organization) newProject(name string, by *key) (*project, *refusal) {
	switch {
	case !by.hasAny("", "ORG_OWNER", "ORG_GROUP_CREATOR"):
		return nil, roleTooLow.of()
	case !projectName.MatchString(name):
		return nil, wrongAttribute.of("name")
	case o.checkProjectName(name) != nil:
		return nil, projectThere.of(name)
	}
	p := o.addProject(name)
	o.happenedIn(p.id, groupCreated, actor{key: by}, nil)
	o.assign(by, p.id, []string{"GROUP_OWNER"}, actor{key: by})
	return p, nil
}

// AddProjects makes projects of these names and returns their ids. It makes all
// of them or none.
func (o *Organization) AddProjects(names ...string) (ids []string, err error) {
	o.change(func() {
		for i, name := range names {
			if err = o.checkProjectName(name); err == nil && slices.Contains(names[:i], name) {
				err = fmt.Errorf("project %q is there twice", name)
			}
			if err != nil {
				err = fmt.Errorf("adding projects: %w", err)
				return
			}
		}
		for _, name := range names {
			ids = append(ids, o.addProject(name).id)
		}
	})
	return ids, err
}

// RenameProject gives a project another name.
func (o *Organization) RenameProject(id, name string) (err error) {
	o.change(func() {
		p := o.project(id)
		if p == nil {
			err = fmt.Errorf("renaming project %s: %w", id, ErrNoProject)
			return
		}
		if err = o.checkProjectName(name); err != nil {
			err = fmt.Errorf("renaming project %s: %w", id, err)
			return
		}
		p.name = name
	})
	return err
}

// DeleteProject removes a project, and with it what keys could do there.
func (o *Organization) DeleteProject(id string) (err error) {
	o.change(func() {
		if o.project(id) == nil {
			err = fmt.Errorf("deleting project %s: %w", id, ErrNoProject)
			return
		}
		o.projects = slices.DeleteFunc(o.projects, func(p *project) bool { return p.id == id })
		for _, k := range o.keys {
			k.leave(id)
		}
	})
	return err
}

// checkProjectName wants a name that no other project has.
func (o *Organization) checkProjectName(name string) error {
	if strings.TrimSpace(name) == "" {
		return errors.New("a project has a name")
	}
	if slices.ContainsFunc(o.projects, func(p *project) bool { return p.name == name }) {
		return fmt.Errorf("there is a project %q", name)
	}
	return nil
}
