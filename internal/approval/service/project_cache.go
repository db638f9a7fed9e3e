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
	projectsFresh   = 5 * time.Minute  // how long a list is not fetched again
	projectsStale   = 24 * time.Hour   // how long a list is used while Atlas does not answer
	projectsTimeout = 30 * time.Second // of one fetch
)

// A ProjectCache caches the projects of organizations, so that a requester who types a
// name is answered within Slack's three seconds. A cached list is used while a newer
// one is fetched in the background.
type ProjectCache struct {
	KeysOf approval.KeysOf
	Now    func() time.Time

	mu       sync.Mutex
	lists    map[policy.OrgID]*projectList
	stop     context.CancelFunc // of all fetches; nil before the first
	ctx      context.Context
	fetching sync.WaitGroup
}

type projectList struct {
	projects []policy.Project
	at       time.Time     // when it was fetched; zero: not yet
	fetching chan struct{} // closed when the present fetch is over; nil: there is none
	err      error         // of the last fetch
}

// Search lists, by name, the projects whose name contains text, ignoring case, or
// whose ID it is.
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

// Prefetch starts to fetch a list before it is needed.
func (c *ProjectCache) Prefetch(org policy.OrgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh(org)
}

// list returns the cached list, and waits for Atlas only if there is none.
func (c *ProjectCache) list(ctx context.Context, org policy.OrgID) ([]policy.Project, error) {
	c.mu.Lock()
	l := c.refresh(org)
	usable, wait := approval.IsWithin(l.at, c.Now(), projectsStale), l.fetching
	projects := l.projects
	c.mu.Unlock()
	if usable || wait == nil {
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

// refresh starts to fetch a list that is not fresh. The caller holds the lock.
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

// Close cancels the present fetches and returns when they are over. Cached lists can
// still be searched. Closing a nil ProjectCache does nothing.
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
// *[policy.FormError] if one does not exist.
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
