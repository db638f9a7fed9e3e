package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/isolate"
	"atlaskeybot/internal/plaintext"
)

const (
	projectsFresh   = 5 * time.Minute  // a list of projects is not asked for again
	projectsStale   = 24 * time.Hour   // and may still be searched, if Atlas does not answer
	projectsTimeout = 30 * time.Second // for asking, whoever waits
)

// A ProjectCache remembers the projects of organizations, so that somebody who types
// a name is answered within Slack's three seconds. Nobody waits for Atlas while
// a list is known: a newer one is fetched behind their back.
type ProjectCache struct {
	KeysOf approval.KeysOf
	Now    func() time.Time

	mu       sync.Mutex
	lists    map[policy.OrgID]*projectList
	stop     context.CancelFunc // of the fetches under way; nil before the first
	ctx      context.Context
	fetching sync.WaitGroup
}

type projectList struct {
	projects []policy.Project
	at       time.Time     // of the list; zero: there is none yet
	fetching chan struct{} // closed when the fetch under way is over; nil: none is
	err      error         // of the last fetch
}

// Search lists, by name, the projects whose name contains text, as people compare
// names, or whose ID it is.
func (c *ProjectCache) Search(ctx context.Context, org policy.OrgID, text string) ([]policy.Project, error) {
	all, err := c.list(ctx, org)
	text = plaintext.Fold(text)
	var found []policy.Project
	for _, p := range all {
		if strings.Contains(plaintext.Fold(p.Name), text) || string(p.ID) == text {
			found = append(found, p)
		}
	}
	return found, err
}

// Prefetch fetches a list before somebody needs it.
func (c *ProjectCache) Prefetch(org policy.OrgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh(org)
}

// list returns what is known, and waits only if nothing is.
func (c *ProjectCache) list(ctx context.Context, org policy.OrgID) ([]policy.Project, error) {
	c.mu.Lock()
	l := c.refresh(org)
	known, wait := approval.IsWithin(l.at, c.Now(), projectsStale), l.fetching
	projects := l.projects
	c.mu.Unlock()
	if known || wait == nil {
		return projects, nil
	}
	select {
	case <-wait:
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for Atlas's list of projects: %w", ctx.Err())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.err != nil {
		return nil, fmt.Errorf("listing the projects: %w", l.err)
	}
	return l.projects, nil
}

// refresh starts to fetch a list that is not fresh. The lock is held.
func (c *ProjectCache) refresh(org policy.OrgID) *projectList {
	if c.lists == nil {
		c.lists = map[policy.OrgID]*projectList{}
	}
	l := c.lists[org]
	if l == nil {
		l = &projectList{}
		c.lists[org] = l
	}
	if c.stop == nil {
		c.ctx, c.stop = context.WithCancel(context.Background())
	}
	if l.fetching == nil && c.ctx.Err() == nil && !approval.IsWithin(l.at, c.Now(), projectsFresh) {
		l.fetching = make(chan struct{})
		c.fetching.Go(func() { c.fetch(org, l) })
	}
	return l
}

// Close cuts off what is being fetched and returns when it is over. Lists that
// are known can still be searched. A nil Catalog has nothing to close.
func (c *ProjectCache) Close() {
	if c == nil {
		return
	}
	c.mu.Lock()
	if c.stop == nil {
		c.ctx, c.stop = context.WithCancel(context.Background())
	}
	c.stop()
	c.mu.Unlock()
	c.fetching.Wait()
}

func (c *ProjectCache) fetch(org policy.OrgID, l *projectList) {
	ctx, cancel := context.WithTimeout(c.ctx, projectsTimeout)
	defer cancel()
	projects, err := isolate.Safely(func() ([]policy.Project, error) { return c.KeysOf(org).Projects(ctx) })
	for i := range projects {
		projects[i].Name = plaintext.Foreign(projects[i].Name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.err = err; err == nil {
		l.projects, l.at = projects, c.Now()
	}
	close(l.fetching)
	l.fetching = nil
}

// resolveProjects adds the names to the projects of a form, or returns a
// *[FormError] if one is not there.
func (s *Service) resolveProjects(ctx context.Context, org policy.OrgID, a policy.Access) (policy.Access, error) {
	if len(a.Projects) == 0 {
		return a, nil
	}
	if s.Projects == nil {
		return a, policy.NewFormError([]policy.Problem{{Field: policy.FieldProjects, Code: policy.NoSuchProject}})
	}
	all, err := s.Projects.list(ctx, org)
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrNoProjects, err)
	}
	var problems []policy.Problem
	for i, wanted := range a.Projects {
		at := slices.IndexFunc(all, func(p policy.Project) bool { return p.ID == wanted.ID })
		if at < 0 {
			problems = append(problems, policy.Problem{Field: policy.FieldProjects, Code: policy.NoSuchProject, Given: string(wanted.ID)})
			continue
		}
		a.Projects[i].Project = all[at]
	}
	return a, policy.NewFormError(problems)
}
