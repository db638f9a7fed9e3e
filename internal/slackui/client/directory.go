package client

import (
	"context"
	"fmt"
	"sync"

	"atlaskeybot/internal/approval/policy"
)

// Directory is [approval.Directory] over Slack's users.info and
// usergroups.users.list. What a context says of the delivery it belongs to,
// and whether something is only drawn, decides how old an answer may be: see
// [Directory.account].
type Directory struct {
	slack    *Slack
	accounts *accounts

	mu     sync.Mutex
	groups map[policy.GroupID]*group
}

var _ policy.Directory = (*Directory)(nil)

// MemberStatus implements [approval.Directory]. Outside of a drawing Slack is asked
// anew for every delivery: people are deactivated between two clicks.
func (d *Directory) MemberStatus(ctx context.Context, who policy.Actor) (policy.MemberStatus, error) {
	is, err := d.account(ctx, who.User, func(a account) bool {
		standing, isKnown := d.status(a, who)
		return isKnown && standing == policy.Member
	})
	if err == nil {
		if standing, isKnown := d.status(is, who); isKnown {
			return standing, nil
		}
		err = MalformedResponse("users.info")
	}
	return "", fmt.Errorf("looking up %s: %w", who.User, err)
}

// Deactivated implements [approval.Directory].
func (d *Directory) Deactivated(ctx context.Context, user policy.UserID) (bool, error) {
	is, err := d.account(ctx, user, func(account) bool { return false })
	switch {
	case err == nil && is.missing:
		return true, nil
	case err == nil && is.saysDeleted:
		return is.deleted, nil
	case err == nil:
		err = MalformedResponse("users.info")
	}
	return false, fmt.Errorf("looking up %s: %w", user, err)
}

// slackbot is the one robot that Slack does not call a bot.
const slackbot = "USLACKBOT"

// status is a user's membership. It is not known if Slack left out what tells a
// full member: a field that is missing makes no one a member.
func (d *Directory) status(a account, who policy.Actor) (_ policy.MemberStatus, isKnown bool) {
	switch {
	case a.missing, a.hidden:
		return policy.External, true
	case a.deleted:
		return policy.Deactivated, true
	case a.bot:
		return policy.Bot, true
	case a.external, d.isForeign(a, who):
		return policy.External, true
	case a.guest:
		return policy.Guest, true
	case !a.saysAll, a.team == "" && !d.isOfOurOrganization(a, who):
		return "", false
	}
	return policy.Member, true
}

// isForeign reports whether a user belongs to another workspace, by the signed
// payload or by Slack's own record. In Enterprise Grid the other workspaces of
// our organization count as ours; that a person of another company is shown
// with is_stranger false does not.
func (d *Directory) isForeign(a account, who policy.Actor) bool {
	if d.isOfOurOrganization(a, who) {
		return false
	}
	return who.Team != d.slack.Team || a.team != "" && a.team != d.slack.Team
}

func (d *Directory) isOfOurOrganization(a account, who policy.Actor) bool {
	ours := d.slack.Enterprise
	return ours != "" && a.enterprise == ours && (who.Enterprise == "" || who.Enterprise == ours)
}
