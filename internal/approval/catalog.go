package approval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

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
	Keys Keys
	Now  func() time.Time

	mu       sync.Mutex
	lists    map[OrgID]*projectList
	stop     context.CancelFunc // of the fetches under way; nil before the first
	ctx      context.Context
	fetching sync.WaitGroup
}

type projectList struct {
	projects []Project
	at       time.Time     // of the list; zero: there is none yet
	fetching chan struct{} // closed when the fetch under way is over; nil: none is
	err      error         // of the last fetch
}

// Search lists, by name, the projects whose name contains text, as people compare
// names, or whose ID it is.
func (c *ProjectCache) Search(ctx context.Context, org OrgID, text string) ([]Project, error) {
	all, err := c.list(ctx, org)
	text = plaintext.Fold(text)
	var found []Project
	for _, p := range all {
		if strings.Contains(plaintext.Fold(p.Name), text) || string(p.ID) == text {
			found = append(found, p)
		}
	}
	return found, err
}

// Prefetch fetches a list before somebody needs it.
func (c *ProjectCache) Prefetch(org OrgID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refresh(org)
}

// list returns what is known, and waits only if nothing is.
func (c *ProjectCache) list(ctx context.Context, org OrgID) ([]Project, error) {
	c.mu.Lock()
	l := c.refresh(org)
	known, wait := isWithin(l.at, c.Now(), projectsStale), l.fetching
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
func (c *ProjectCache) refresh(org OrgID) *projectList {
	if c.lists == nil {
		c.lists = map[OrgID]*projectList{}
	}
	l := c.lists[org]
	if l == nil {
		l = &projectList{}
		c.lists[org] = l
	}
	if c.stop == nil {
		c.ctx, c.stop = context.WithCancel(context.Background())
	}
	if l.fetching == nil && c.ctx.Err() == nil && !isWithin(l.at, c.Now(), projectsFresh) {
		l.fetching = make(chan struct{})
		c.fetching.Go(func() { c.fetch(org, l) })
	}
	return l
}

// isWithin reports whether at is at most that long before now. A time that lies
// ahead is not: the clock went back, and nobody knows how old it is.
func isWithin(at, now time.Time, d time.Duration) bool {
	age := now.Sub(at)
	return age >= 0 && age < d
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

func (c *ProjectCache) fetch(org OrgID, l *projectList) {
	ctx, cancel := context.WithTimeout(c.ctx, projectsTimeout)
	defer cancel()
	projects, err := safely(func() ([]Project, error) { return c.Keys.Projects(ctx, org) })
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
func (s *Service) resolveProjects(ctx context.Context, org OrgID, a Access) (Access, error) {
	if len(a.Projects) == 0 {
		return a, nil
	}
	if s.Projects == nil {
		return a, newFormError([]Problem{{Field: FieldProjects, Code: NoSuchProject}})
	}
	all, err := s.Projects.list(ctx, org)
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrNoProjects, err)
	}
	var problems []Problem
	for i, wanted := range a.Projects {
		at := slices.IndexFunc(all, func(p Project) bool { return p.ID == wanted.ID })
		if at < 0 {
			problems = append(problems, Problem{Field: FieldProjects, Code: NoSuchProject, Given: string(wanted.ID)})
			continue
		}
		a.Projects[i].Project = all[at]
	}
	return a, newFormError(problems)
}
