package slackui

import (
	"context"
	"fmt"
	"sync"

	"atlaskeybot/internal/approval"
)

// Directory is [approval.Directory] over Slack's users.info and
// usergroups.users.list. What a context says of the delivery it belongs to,
// and whether something is only drawn, decides how old an answer may be: see
// [Directory.account].
type Directory struct {
	slack    *Slack
	accounts *accounts

	mu     sync.Mutex
	groups map[approval.GroupID]*group
}

var _ approval.Directory = (*Directory)(nil)

// MemberStatus implements [approval.Directory]. Outside of a drawing Slack is asked
// anew for every delivery: people are deactivated between two clicks.
func (d *Directory) MemberStatus(ctx context.Context, who approval.Actor) (approval.MemberStatus, error) {
	is, err := d.account(ctx, who.User, func(a account) bool {
		standing, isKnown := d.standing(a, who)
		return isKnown && standing == approval.Member
	})
	if err == nil {
		if standing, isKnown := d.standing(is, who); isKnown {
			return standing, nil
		}
		err = malformedResponse("users.info")
	}
	return "", fmt.Errorf("looking up %s: %w", who.User, err)
}

// Deactivated implements [approval.Directory].
func (d *Directory) Deactivated(ctx context.Context, user approval.UserID) (bool, error) {
	is, err := d.account(ctx, user, func(account) bool { return false })
	switch {
	case err == nil && is.missing:
		return true, nil
	case err == nil && is.saysDeleted:
		return is.deleted, nil
	case err == nil:
		err = malformedResponse("users.info")
	}
	return false, fmt.Errorf("looking up %s: %w", user, err)
}

// slackbot is the one robot that Slack does not call a bot.
const slackbot = "USLACKBOT"

// standing is what somebody is. It is not known if Slack did not say all that a
// full member is told by: nobody is one by what was left out.
func (d *Directory) standing(a account, who approval.Actor) (_ approval.MemberStatus, isKnown bool) {
	switch {
	case a.missing, a.hidden:
		return approval.External, true
	case a.deleted:
		return approval.Deactivated, true
	case a.robot:
		return approval.Bot, true
	case a.stranger, d.isForeign(a, who):
		return approval.External, true
	case a.guest:
		return approval.Guest, true
	case !a.saysAll, a.team == "" && !d.isOfOurOrganization(a, who):
		return "", false
	}
	return approval.Member, true
}

// isForeign reports whether somebody belongs to another workspace, by the signed
// payload or by Slack's own record. In Enterprise Grid the other workspaces of
// our organization count as ours; that a person of another company is shown
// with is_stranger false does not.
func (d *Directory) isForeign(a account, who approval.Actor) bool {
	if d.isOfOurOrganization(a, who) {
		return false
	}
	return who.Team != d.slack.Team || a.team != "" && a.team != d.slack.Team
}

func (d *Directory) isOfOurOrganization(a account, who approval.Actor) bool {
	ours := d.slack.Enterprise
	return ours != "" && a.enterprise == ours && (who.Enterprise == "" || who.Enterprise == ours)
}
