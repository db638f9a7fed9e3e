package slackui

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// Directory is [approval.Directory] over Slack's users.info and
// usergroups.users.list.
type Directory struct {
	slack *Slack

	mu     sync.Mutex
	groups map[approval.GroupID]*group
}

var _ approval.Directory = (*Directory)(nil)

// standingLimit leaves room for the disk and the answer within Slack's three
// seconds.
const standingLimit = 1500 * time.Millisecond

// Standing implements [approval.Directory]. It asks each time: people are
// deactivated between two clicks.
func (d *Directory) Standing(ctx context.Context, who approval.Actor) (approval.Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, standingLimit)
	defer cancel()
	user, err := d.slack.api.GetUserInfoContext(ctx, string(who.User), slack.GetUserInfoOptionIncludeLocale(false))
	if code := codeOf(err); code == "user_not_found" || code == "user_not_visible" {
		return approval.Outsider, nil
	}
	if err != nil {
		return "", fmt.Errorf("looking up %s: %w", who.User, fault(err))
	}
	if user.ID != string(who.User) {
		return "", fmt.Errorf("looking up %s: %w", who.User, unclear("users.info"))
	}
	return d.standing(*user, who), nil
}

// Deactivated implements [approval.Directory].
func (d *Directory) Deactivated(ctx context.Context, user approval.UserID) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	found, err := d.slack.api.GetUserInfoContext(ctx, string(user), slack.GetUserInfoOptionIncludeLocale(false))
	switch {
	case codeOf(err) == "user_not_found":
		return true, nil
	case err != nil:
		return false, fmt.Errorf("looking up %s: %w", user, fault(err))
	case found.ID != string(user):
		return false, fmt.Errorf("looking up %s: %w", user, unclear("users.info"))
	}
	return found.Deleted, nil
}

// slackbot is the one robot that Slack does not call a bot.
const slackbot = "USLACKBOT"

func (d *Directory) standing(user slack.User, who approval.Actor) approval.Standing {
	switch {
	case user.Deleted:
		return approval.Deactivated
	case user.IsBot || user.ID == slackbot:
		return approval.Robot
	case user.IsStranger, user.IsInvitedUser, !d.isOurs(user, who):
		return approval.Outsider
	case user.IsRestricted, user.IsUltraRestricted:
		return approval.Guest
	}
	return approval.Member
}

// isOurs reports whether somebody belongs to this workspace, by the signed
// payload and by Slack's own record. In Enterprise Grid the other workspaces of
// our organization count as ours; that a person of another company is shown
// with is_stranger false does not.
func (d *Directory) isOurs(user slack.User, who approval.Actor) bool {
	ours := d.slack.Enterprise
	sameOrganization := ours != "" && user.Enterprise.EnterpriseID == ours &&
		(who.Enterprise == "" || who.Enterprise == ours)
	if sameOrganization {
		return true
	}
	return who.Team == d.slack.Team && (user.TeamID == "" || user.TeamID == d.slack.Team)
}

const (
	groupFresh = 5 * time.Minute  // a group's list is not asked for again
	groupStale = 15 * time.Minute // the list counts, if Slack does not answer
	groupLimit = 1500 * time.Millisecond
)

// A group is what is known of a user group. Whoever has the turn may ask Slack;
// the others wait for what it says, as long as they can.
type group struct {
	turn chan struct{} // holds one value while somebody has the turn

	members []approval.UserID
	asked   time.Time // when members were true; zero: never
}

// Members implements [approval.Directory]. Slack allows about twenty such calls
// a minute, so the list is kept for a while. Deactivated members do no harm in
// it: whoever presses is looked up by [Directory.Standing].
func (d *Directory) Members(ctx context.Context, id approval.GroupID) ([]approval.UserID, error) {
	g := d.group(id)
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("listing group %s: %w", id, ctx.Err())
	}
	age := d.slack.config.Now().Sub(g.asked)
	if !g.asked.IsZero() && age < groupFresh {
		return slices.Clone(g.members), nil
	}
	members, err := d.ask(ctx, id)
	switch {
	case err == nil:
		g.members, g.asked = members, d.slack.config.Now()
	case g.asked.IsZero() || age >= groupStale:
		return nil, err
	}
	return slices.Clone(g.members), nil
}

func (d *Directory) group(id approval.GroupID) *group {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups[id] == nil {
		d.groups[id] = &group{turn: make(chan struct{}, 1)}
	}
	return d.groups[id]
}

func (d *Directory) ask(ctx context.Context, id approval.GroupID) ([]approval.UserID, error) {
	ctx, cancel := context.WithTimeout(ctx, groupLimit)
	defer cancel()
	users, err := d.slack.api.GetUserGroupMembersContext(ctx, string(id))
	if err != nil {
		return nil, fmt.Errorf("listing group %s: %w", id, fault(err))
	}
	if users == nil { // an empty group is [], an answer that says nothing is not
		return nil, fmt.Errorf("listing group %s: %w", id, unclear("usergroups.users.list"))
	}
	members := make([]approval.UserID, len(users))
	for i, u := range users {
		members[i] = approval.UserID(u)
	}
	return members, nil
}
