package view

import (
	"slices"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
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
type HomeView struct {
	Flash    mrkdwn.Mrkdwn      // what the last press came to
	Refused  bool               // nothing but why is shown
	Mine     []approval.Request // what is not over, newest first
	Approver bool               // only then what follows is shown
	Waiting  []approval.Request // oldest first
	Unsigned []approval.Request // taken by break-glass, and not reviewed; oldest first
	Live     []approval.Request // that the search lets through, oldest first
	Search   Search
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
func (v Screens) Home(h HomeView) slack.HomeTabViewRequest {
	blocks := []slack.Block{optional(h.Flash)}
	if !h.Refused {
		blocks = append(blocks, mrkdwn.Header("Your requests and keys"))
		blocks = append(blocks, v.homeMine(h.Mine)...)
	}
	if h.Approver {
		blocks = append(blocks, slack.NewDividerBlock(), mrkdwn.Header("Waiting for your decision"))
		blocks = append(blocks, v.homeWaiting(h.Waiting)...)
		blocks = append(blocks, v.homeUnsigned(h.Unsigned)...)
		blocks = append(blocks, slack.NewDividerBlock(), mrkdwn.Header("Live keys of the organization"), searchBlock(h.Search))
		blocks = append(blocks, v.homeLive(h)...)
	}
	return slack.HomeTabViewRequest{
		Type: slack.VTHomeTab, CallbackID: ViewHome, PrivateMetadata: h.Search.Encode(),
		Blocks: slack.Blocks{BlockSet: mrkdwn.Present(blocks)},
	}
}

func (v Screens) homeMine(mine []approval.Request) []slack.Block {
	blocks := []slack.Block{mrkdwn.Buttons("", mrkdwn.Button(ActionRequest, "", "Ask for a key", slack.StylePrimary))}
	if v.CanNotWrite() {
		blocks = append(blocks, mrkdwn.Section(TabOff))
	}
	if len(mine) == 0 {
		blocks = append(blocks, mrkdwn.Section(mrkdwn.Mrkdwnf("Nothing of yours waits or lives. To see what is over, type `%s list` in any channel.", mrkdwn.BotText(v.Command))))
	}
	for i, r := range mine {
		if i == maxHomeMine {
			return append(blocks, mrkdwn.Footnote(mrkdwn.Mrkdwnf("And %s older ones: type `%s list` in any channel.", len(mine)-maxHomeMine, mrkdwn.BotText(v.Command))))
		}
		row := mrkdwn.JoinSentences(v.listed(r), v.earlierKey(r))
		blocks = append(blocks, mrkdwn.Section(mrkdwn.Mrkdwnf("*%s* %s\n%s", r.ID, mrkdwn.Truncate(r.Access.Description, 100), row)), mrkdwn.Buttons("", homeButtons(r)...))
	}
	return blocks
}

func homeButtons(r approval.Request) []*slack.ButtonBlockElement {
	switch r.State {
	case approval.StatePending:
		return pendingButtons(r)
	case approval.StateApproved:
		return approvedButtons(r)
	case approval.StateDelivered:
		return []*slack.ButtonBlockElement{revokeButton(r)}
	case approval.StateActive:
		return keyButtons(r)
	}
	return nil
}

func (v Screens) homeWaiting(waiting []approval.Request) []slack.Block {
	if len(waiting) == 0 {
		return []slack.Block{mrkdwn.Section("Nothing waits for your decision.")}
	}
	var blocks []slack.Block
	for i, r := range waiting {
		if i == maxHomeWaiting {
			return append(blocks, mrkdwn.Footnote(mrkdwn.Mrkdwnf("And %s newer ones: type `%s pending` in any channel.", len(waiting)-maxHomeWaiting, mrkdwn.BotText(v.Command))))
		}
		blocks = append(blocks, v.summaryBlocks(r)...)
		blocks = append(blocks, mrkdwn.Section(statusForApprovers(r)), v.decisionButtons(r, ""))
	}
	return blocks
}

// homeUnsigned is there only if somebody broke the glass.
func (v Screens) homeUnsigned(unsigned []approval.Request) []slack.Block {
	if len(unsigned) == 0 {
		return nil
	}
	blocks := []slack.Block{slack.NewDividerBlock(), mrkdwn.Header("To be reviewed")}
	for i, r := range unsigned {
		if i == maxHomeReviews {
			return append(blocks, mrkdwn.Footnote(mrkdwn.Mrkdwnf("And %s newer ones: type `%s pending` in any channel.", len(unsigned)-maxHomeReviews, mrkdwn.BotText(v.Command))))
		}
		row := slack.NewSectionBlock(mrkdwn.MrkdwnText(mrkdwn.Mrkdwnf("*%s* %s\n%s Reason: %s", r.ID, mrkdwn.Truncate(r.Access.Description, 100), v.takenRow(r), mrkdwn.Truncate(r.Reason, 300))), nil, nil)
		row.Accessory = slack.NewAccessory(reviewButton(r))
		blocks = append(blocks, row)
	}
	return blocks
}

// homeLive is one page of the keys, and the way to the others.
func (v Screens) homeLive(h HomeView) []slack.Block {
	if len(h.Live) == 0 {
		return []slack.Block{mrkdwn.Section("No live key is like that.")}
	}
	pages := (len(h.Live) + homePage - 1) / homePage
	page := min(max(h.Search.Page, 0), pages-1)
	first, last := page*homePage, min((page+1)*homePage, len(h.Live))
	blocks := []slack.Block{mrkdwn.Footnote(mrkdwn.Mrkdwnf("%s to %s of %s, oldest first", first+1, last, mrkdwn.BotText(mrkdwn.Count(len(h.Live), "key"))))}
	for _, r := range h.Live[first:last] {
		row := slack.NewSectionBlock(mrkdwn.MrkdwnText(v.liveRow(r)), nil, nil)
		row.Accessory = slack.NewAccessory(button(ActionRevokeWithReason, r, "Revoke", slack.StyleDanger))
		blocks = append(blocks, row)
	}
	var turns []*slack.ButtonBlockElement
	if page > 0 {
		turns = append(turns, mrkdwn.Button(ActionPage+":"+PagePrevious, "", "Previous", ""))
	}
	if page < pages-1 {
		turns = append(turns, mrkdwn.Button(ActionPage+":"+PageNext, "", "Next", ""))
	}
	return append(blocks, mrkdwn.Buttons("", turns...))
}

func (v Screens) liveRow(r approval.Request) mrkdwn.Mrkdwn {
	if r.Requester == "" {
		return mrkdwn.Mrkdwnf("*%s*%s%s. No owner and no end are known: I found it with this bot's mark.", r.ID, KeyName(r), v.inOrg(r))
	}
	return mrkdwn.JoinSentences(mrkdwn.Mrkdwnf("*%s*%s of %s%s: %s\n%s; from %s. Ends %s.", r.ID, KeyName(r), Mention(r.Requester), v.inOrg(r), mrkdwn.Truncate(r.Access.Description, 100),
		mrkdwn.Truncate(mayDo(r.Access), 300), mrkdwn.Truncate(namedAddresses(r.Access), 200), mrkdwn.SlackDate(r.KeyExpiresAt)), v.detailText(r), ownerDeactivated(r))
}

// matches reports whether an approver who searches for s wants to see r.
func (s Search) Matches(r approval.Request, now time.Time) bool {
	wrongPerson := s.Person != "" && r.Requester != s.Person
	wrongEnd := s.Within > 0 && (r.KeyExpiresAt.IsZero() || r.KeyExpiresAt.After(now.Add(s.Within)))
	return !wrongPerson && !wrongEnd && (s.Role == "" || hasRole(r, s.Role))
}

func hasRole(r approval.Request, role policy.Role) bool {
	return slices.Contains(AllRoles(r.Access), role)
}
