package slackui

import (
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// Of the hundred blocks that a Home tab holds: two a request of one's own, at
// most eight one that waits, one a key that is to be reviewed or lives.
const (
	maxHomeMine    = 8
	maxHomeWaiting = 5
	maxHomeReviews = 5
	homePage       = 10
)

// A homeView is what one person's Home tab shows.
type homeView struct {
	flash    mrkdwn             // what the last press came to
	refused  bool               // nothing but why is shown
	mine     []approval.Request // what is not over, newest first
	approver bool               // only then what follows is shown
	waiting  []approval.Request // oldest first
	unsigned []approval.Request // taken by break-glass, and not reviewed; oldest first
	live     []approval.Request // that the search lets through, oldest first
	search   search
}

// home is one's own requests and keys, and for approvers everybody's.
//
//	┌──────────────────────────────────────────────┐
//	│ The key abcdefgh … is being deleted.         │
//	│ Your requests and keys        [ Ask for one ]│
//	│ AKR-7F3K2 invoices                           │
//	│ Key abcdefgh, ends …                         │
//	│ [ Extend ] [ Rotate ] [ … ] [ Revoke ]       │
//	│ Waiting for you                              │
//	│ …the card…       [ Approve ]  [ … ]          │
//	│ To be reviewed                               │
//	│ AKR-5K8MN taken by @bob …      [ Reviewed ]  │
//	│ Live keys        [ Whose ▾ ] [ Role ▾ ] [ …] │
//	│ AKR-2Q9XV abcdefgi of @carol …    [ Revoke ] │
//	│ [ Previous ] [ Next ]                        │
//	└──────────────────────────────────────────────┘
func (v Screens) home(h homeView) slack.HomeTabViewRequest {
	blocks := []slack.Block{optional(h.flash)}
	if !h.refused {
		blocks = append(blocks, header("Your requests and keys"))
		blocks = append(blocks, v.homeMine(h.mine)...)
	}
	if h.approver {
		blocks = append(blocks, slack.NewDividerBlock(), header("Waiting for your decision"))
		blocks = append(blocks, v.homeWaiting(h.waiting)...)
		blocks = append(blocks, v.homeUnsigned(h.unsigned)...)
		blocks = append(blocks, slack.NewDividerBlock(), header("Live keys of the organization"), searchBlock(h.search))
		blocks = append(blocks, v.homeLive(h)...)
	}
	return slack.HomeTabViewRequest{
		Type: slack.VTHomeTab, CallbackID: viewHome, PrivateMetadata: h.search.encode(),
		Blocks: slack.Blocks{BlockSet: present(blocks)},
	}
}

func (v Screens) homeMine(mine []approval.Request) []slack.Block {
	blocks := []slack.Block{slack.NewActionBlock("", button(actionHomeAsk, "", "Ask for a key", slack.StylePrimary))}
	if v.troubles.tabIsOff() {
		blocks = append(blocks, section(tabOff))
	}
	if len(mine) == 0 {
		blocks = append(blocks, section(mrkdwnf("Nothing of yours waits or lives. To see what is over, type `%s list` in any channel.", botText(v.command))))
	}
	for i, r := range mine {
		if i == maxHomeMine {
			return append(blocks, footnote(mrkdwnf("And %s older ones: type `%s list` in any channel.", len(mine)-maxHomeMine, botText(v.command))))
		}
		row := joinSentences(v.listed(r), v.earlierKey(r))
		blocks = append(blocks, section(mrkdwnf("*%s* %s\n%s", r.ID, truncate(r.Access.Description, 100), row)), buttons(homeButtons(r)...))
	}
	return blocks
}

func homeButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StatePending:
		return pendingButtons(r, actionHomeNudge, actionHomeWithdraw)
	case approval.StateApproved:
		return approvedButtons(r, actionHomeCreate, actionHomeWithdraw)
	case approval.StateDelivered:
		return []*slack.ButtonBlockElement{revokeButton(r, actionHomeRevoke)}
	case approval.StateActive:
		return keyButtons(r, homeKey)
	}
	return nil
}

func (v Screens) homeWaiting(waiting []approval.Request) []slack.Block {
	if len(waiting) == 0 {
		return []slack.Block{section("Nothing waits for your decision.")}
	}
	var blocks []slack.Block
	for i, r := range waiting {
		if i == maxHomeWaiting {
			return append(blocks, footnote(mrkdwnf("And %s newer ones: type `%s pending` in any channel.", len(waiting)-maxHomeWaiting, botText(v.command))))
		}
		blocks = append(blocks, v.summaryBlocks(r)...)
		blocks = append(blocks, section(statusForApprovers(r)), v.decisionButtons(r, onHome))
	}
	return blocks
}

// homeUnsigned is there only if somebody broke the glass.
func (v Screens) homeUnsigned(unsigned []approval.Request) []slack.Block {
	if len(unsigned) == 0 {
		return nil
	}
	blocks := []slack.Block{slack.NewDividerBlock(), header("To be reviewed")}
	for i, r := range unsigned {
		if i == maxHomeReviews {
			return append(blocks, footnote(mrkdwnf("And %s newer ones: type `%s pending` in any channel.", len(unsigned)-maxHomeReviews, botText(v.command))))
		}
		row := slack.NewSectionBlock(mrkdwnText(mrkdwnf("*%s* %s\n%s Reason: %s", r.ID, truncate(r.Access.Description, 100), v.takenRow(r), truncate(r.Reason, 300))), nil, nil)
		row.Accessory = slack.NewAccessory(reviewButton(r, actionHomeSign))
		blocks = append(blocks, row)
	}
	return blocks
}

// homeLive is one page of the keys, and the way to the others.
func (v Screens) homeLive(h homeView) []slack.Block {
	if len(h.live) == 0 {
		return []slack.Block{section("No live key is like that.")}
	}
	pages := (len(h.live) + homePage - 1) / homePage
	page := min(max(h.search.page, 0), pages-1)
	first, last := page*homePage, min((page+1)*homePage, len(h.live))
	blocks := []slack.Block{footnote(mrkdwnf("%s to %s of %s, oldest first", first+1, last, botText(count(len(h.live), "key"))))}
	for _, r := range h.live[first:last] {
		row := slack.NewSectionBlock(mrkdwnText(v.liveRow(r)), nil, nil)
		row.Accessory = slack.NewAccessory(button(actionHomeOversee, string(r.ID), "Revoke", slack.StyleDanger))
		blocks = append(blocks, row)
	}
	var turns []*slack.ButtonBlockElement
	if page > 0 {
		turns = append(turns, button(actionHomePrev, "", "Previous", ""))
	}
	if page < pages-1 {
		turns = append(turns, button(actionHomeNext, "", "Next", ""))
	}
	return append(blocks, buttons(turns...))
}

func (v Screens) liveRow(r approval.Request) mrkdwn {
	if r.Requester == "" {
		return mrkdwnf("*%s*%s%s. No owner and no end are known: I found it with this bot's mark.", r.ID, keyName(r), v.inOrg(r))
	}
	return joinSentences(mrkdwnf("*%s*%s of %s%s: %s\n%s; from %s. Ends %s.", r.ID, keyName(r), mention(r.Requester), v.inOrg(r), truncate(r.Access.Description, 100),
		truncate(mayDo(r.Access), 300), truncate(namedAddresses(r.Access), 200), slackDate(r.KeyExpiresAt)), ownerDeactivated(r))
}

// matches reports whether an approver who searches for s wants to see r.
func (s search) matches(r approval.Request, now time.Time) bool {
	wrongPerson := s.person != "" && r.Requester != s.person
	wrongEnd := s.within > 0 && (r.KeyExpiresAt.IsZero() || r.KeyExpiresAt.After(now.Add(s.within)))
	return !wrongPerson && !wrongEnd && (s.role == "" || hasRole(r, s.role))
}

func hasRole(r approval.Request, role approval.Role) bool {
	return slices.Contains(allRoles(r.Access), role)
}
