package client

import (
	"context"
	"net/url"
	"sync"
	"time"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/cache"
)

// namesFresh is how old a name may be that is shown. A wrong one does no harm: the
// person is mentioned once the message changes.
const namesFresh = 24 * time.Hour

// names are those of people and groups, as Slack last gave them. A message names those
// whom it must not notify.
type names struct {
	mu     sync.Mutex
	people *cache.Cache[policy.UserID, string]
	groups *cache.Cache[policy.GroupID, string]
}

func newNames() *names {
	limits := cache.Limits{TTL: namesFresh, Entries: accountsMax}
	return &names{people: cache.New[policy.UserID, string](limits), groups: cache.New[policy.GroupID, string](limits)}
}

func (n *names) learn(user policy.UserID, name string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.people.Put(user, name, now)
}

// nameOf is empty if Slack does not give the name.
func (s *Slack) nameOf(ctx context.Context, user policy.UserID) string {
	now := s.Config.Now()
	s.names.mu.Lock()
	name, isKnown := s.names.people.Get(user, now)
	s.names.mu.Unlock()
	if isKnown {
		return name
	}
	var said userInfo
	if err := s.call(ctx, "users.info", url.Values{"user": {string(user)}}, &said); err != nil || !said.Ok || said.User.ID != string(user) {
		return ""
	}
	s.names.learn(user, said.User.RealName, now)
	return said.User.RealName
}

// handleOf is the name of a group, as in @atlas-approvers; empty if Slack does not give
// it.
func (s *Slack) handleOf(ctx context.Context, group policy.GroupID) string {
	now := s.Config.Now()
	s.names.mu.Lock()
	handle, isKnown := s.names.groups.Get(group, now)
	s.names.mu.Unlock()
	if isKnown {
		return handle
	}
	all, err := s.API.GetUserGroupsContext(ctx)
	if err != nil {
		return ""
	}
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	for _, g := range all {
		s.names.groups.Put(policy.GroupID(g.ID), g.Handle, now)
	}
	handle, _ = s.names.groups.Get(group, now)
	return handle
}
