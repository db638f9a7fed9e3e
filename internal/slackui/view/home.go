package view

import (
	"net/url"
	"strconv"
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
	MaxHomePending = 5
	maxHomeReviews = 5
	HomePageSize   = 10
)

// A HomeView is what one person's Home tab shows.
type HomeView struct {
	Flash          mrkdwn.Text        // what the last press came to
	Refused        bool               // nothing but why is shown
	Own            []approval.Request // what is not over, newest first
	Approver       bool               // only then what follows is shown
	Pending        []approval.Request // the oldest [MaxHomePending]
	MorePending    bool
	AwaitingReview []approval.Request // taken by break-glass, and not reviewed; oldest first
	Active         []approval.Request // of the page that is searched for, oldest first
	ActiveTotal    int                // on all pages
	Search         Search
}

// Home is one's own requests and keys, and for approvers everybody's.
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
//	│ Active keys        [ Whose ▾ ] [ Role ▾ ] [ …] │
//	│ AKR-2Q9XV abcdefgi of @carol …    [ Revoke ] │
//	│ [ Previous ] [ Next ]                        │
//	└──────────────────────────────────────────────┘
func (v Screens) Home(h HomeView) slack.HomeTabViewRequest {
	blocks := []slack.Block{optional(h.Flash)}
	if !h.Refused {
		blocks = append(blocks, mrkdwn.Header("Your requests and keys"))
		blocks = append(blocks, v.homeOwn(h.Own)...)
	}
	if h.Approver {
		blocks = append(blocks, slack.NewDividerBlock(), mrkdwn.Header("Waiting for your decision"))
		blocks = append(blocks, v.homePending(h.Pending, h.MorePending)...)
		blocks = append(blocks, v.homeAwaitingReview(h.AwaitingReview)...)
		blocks = append(blocks, slack.NewDividerBlock(), mrkdwn.Header("Active keys"), searchBlock(h.Search))
		blocks = append(blocks, v.homeActive(h)...)
	}
	return slack.HomeTabViewRequest{
		Type: slack.VTHomeTab, CallbackID: ViewHome, PrivateMetadata: h.Search.Encode(),
		Blocks: slack.Blocks{BlockSet: mrkdwn.Present(blocks)},
	}
}

func (v Screens) homeOwn(mine []approval.Request) []slack.Block {
	blocks := []slack.Block{mrkdwn.Buttons("", mrkdwn.Button(ActionRequest, "", "Request a key", slack.StylePrimary))}
	if v.MessagesTabIsOff() {
		blocks = append(blocks, mrkdwn.Section(MessagesTabOff))
	}
	if len(mine) == 0 {
		blocks = append(blocks, mrkdwn.Section(mrkdwn.Textf("No open requests or active keys. Past requests: `%s list`", mrkdwn.BotText(v.Command))))
	}
	for i, r := range mine {
		if i == maxHomeMine {
			return append(blocks, mrkdwn.Footnote(mrkdwn.Textf("And %s older ones: `%s list` in any channel.", len(mine)-maxHomeMine, mrkdwn.BotText(v.Command))))
		}
		row := mrkdwn.JoinSentences(v.listRow(r), v.earlierKey(r))
		blocks = append(blocks, mrkdwn.Section(mrkdwn.Textf("*%s* %s\n%s", r.ID, mrkdwn.Truncate(r.Access.Description, 100), row)), mrkdwn.Buttons("", homeButtons(r)...))
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

func (v Screens) homePending(waiting []approval.Request, more bool) []slack.Block {
	if len(waiting) == 0 {
		return []slack.Block{mrkdwn.Section("No requests are waiting for your decision.")}
	}
	var blocks []slack.Block
	for _, r := range waiting {
		blocks = append(blocks, v.summaryBlocks(r)...)
		blocks = append(blocks, mrkdwn.Section(statusForApprovers(r)), v.decisionButtons(r, ""))
	}
	if more {
		blocks = append(blocks, mrkdwn.Footnote(mrkdwn.Textf("There are newer ones: `%s pending` in any channel.", mrkdwn.BotText(v.Command))))
	}
	return blocks
}

// homeAwaitingReview is there only if a key was taken by break-glass.
func (v Screens) homeAwaitingReview(unsigned []approval.Request) []slack.Block {
	if len(unsigned) == 0 {
		return nil
	}
	blocks := []slack.Block{slack.NewDividerBlock(), mrkdwn.Header("To review")}
	for i, r := range unsigned {
		if i == maxHomeReviews {
			return append(blocks, mrkdwn.Footnote(mrkdwn.Textf("And %s newer ones: `%s pending` in any channel.", len(unsigned)-maxHomeReviews, mrkdwn.BotText(v.Command))))
		}
		row := slack.NewSectionBlock(mrkdwn.TextObject(mrkdwn.Textf("*%s* %s\n%s Reason: %s", r.ID, mrkdwn.Truncate(r.Access.Description, 100), v.breakGlassRow(r), mrkdwn.Truncate(r.Reason, 300))), nil, nil)
		row.Accessory = slack.NewAccessory(reviewButton(r))
		blocks = append(blocks, row)
	}
	return blocks
}

// homeActive is one page of the keys, and the way to the others.
func (v Screens) homeActive(h HomeView) []slack.Block {
	if len(h.Active) == 0 {
		return []slack.Block{mrkdwn.Section("No active keys match.")}
	}
	first := h.Search.Page * HomePageSize
	last := min(first+HomePageSize, h.ActiveTotal)
	blocks := []slack.Block{mrkdwn.Footnote(mrkdwn.Textf("%s-%s of %s, oldest first", first+1, last, mrkdwn.BotText(mrkdwn.Count(h.ActiveTotal, "key"))))}
	for _, r := range h.Active {
		row := slack.NewSectionBlock(mrkdwn.TextObject(v.activeRow(r)), nil, nil)
		row.Accessory = slack.NewAccessory(button(ActionRevokeWithReason, r, "Revoke", slack.StyleDanger))
		blocks = append(blocks, row)
	}
	var turns []*slack.ButtonBlockElement
	if first > 0 {
		turns = append(turns, mrkdwn.Button(ActionPage+":"+PagePrevious, "", "Previous", ""))
	}
	if last < h.ActiveTotal {
		turns = append(turns, mrkdwn.Button(ActionPage+":"+PageNext, "", "Next", ""))
	}
	return append(blocks, mrkdwn.Buttons("", turns...))
}

func (v Screens) activeRow(r approval.Request) mrkdwn.Text {
	if r.Requester == "" {
		return mrkdwn.Textf("*%s*%s%s. Its owner and expiry aren't known. It has this bot's tag.", r.ID, KeyName(r), v.inOrg(r))
	}
	return mrkdwn.JoinSentences(mrkdwn.Textf("*%s*%s of %s%s: %s\n%s; from %s. Expires %s.", r.ID, KeyName(r), Mention(r.Requester), v.inOrg(r), mrkdwn.Truncate(r.Access.Description, 100),
		mrkdwn.Truncate(mayDo(r.Access), 300), mrkdwn.Truncate(namedAddresses(r.Access), 200), mrkdwn.Date(r.KeyExpiresAt)), v.detailText(r), ownerDeactivated(r))
}

// Keys are the keys that s finds.
func (s Search) Keys(now time.Time) approval.KeySearch {
	which := approval.KeySearch{Owner: s.Person, Role: s.Role}
	if s.Within > 0 {
		which.ExpiresBy = now.Add(s.Within)
	}
	return which
}

// A Search is what an approver's Home tab shows of the active keys. The tab
// carries it in its private_metadata: the bot remembers nothing.
type Search struct {
	Person policy.UserID // empty: any
	Role   policy.Role   // empty: any
	Within time.Duration // until the end; zero: any
	Page   int           // from 0
}

// Encode writes s as private_metadata.
func (s Search) Encode() string {
	v := url.Values{}
	put := func(name, value string, is bool) {
		if is {
			v.Set(name, value)
		}
	}
	put("person", string(s.Person), s.Person != "")
	put("role", string(s.Role), s.Role != "")
	put("within", s.Within.String(), s.Within > 0)
	put("page", decimal(s.Page), s.Page > 0)
	return v.Encode()
}

// ParseSearch reads what it can and leaves out the rest.
func ParseSearch(text string) Search {
	v, err := url.ParseQuery(text)
	if err != nil {
		return Search{}
	}
	s := Search{Person: policy.UserID(v.Get("person")), Role: policy.Role(v.Get("role"))}
	s.Within, _ = time.ParseDuration(v.Get("within"))
	s.Page, _ = strconv.Atoi(v.Get("page"))
	s.Within, s.Page = max(s.Within, 0), max(s.Page, 0)
	return s
}

// AnyOption is the value of a menu's first choice.
const AnyOption = "any"

// endsWithin are the choices of how near a key's end is.
var endsWithin = []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// searchBlock shows what is searched for. Slack keeps what was chosen while
// a block has its id, so that the id changes with the search.
func searchBlock(s Search) slack.Block {
	whose := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, mrkdwn.PlainText("Any owner"), ActionFilter+":"+filterOwner).WithInitialUser(string(s.Person))
	elements := []slack.BlockElement{whose, roleMenu(s.Role), endMenu(s.Within)}
	if s.Person != "" || s.Role != "" || s.Within > 0 {
		elements = append(elements, mrkdwn.Button(ActionFilter+":"+filterNone, "", "Show all", ""))
	}
	s.Page = 0
	return slack.NewActionBlock(mrkdwn.Truncate("home.search?"+s.Encode(), 255), elements...)
}

func roleMenu(chosen policy.Role) *slack.SelectBlockElement {
	all := []*slack.OptionBlockObject{slack.NewOptionBlockObject(AnyOption, mrkdwn.PlainText("Any role"), nil)}
	initial := all[0]
	for _, info := range policy.OrgRoles {
		o := slack.NewOptionBlockObject(string(info.Name), mrkdwn.PlainText(mrkdwn.Truncate(info.Title, mrkdwn.MaxOption)), nil)
		all = append(all, o)
		if info.Name == chosen {
			initial = o
		}
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, mrkdwn.PlainText("Role"), ActionFilter+":"+filterRole, all...)
	menu.InitialOption = initial
	return menu
}

func endMenu(chosen time.Duration) *slack.SelectBlockElement {
	all := []*slack.OptionBlockObject{slack.NewOptionBlockObject(AnyOption, mrkdwn.PlainText("Any expiry"), nil)}
	initial := all[0]
	for _, d := range endsWithin {
		o := slack.NewOptionBlockObject(d.String(), mrkdwn.PlainText("Expires within "+mrkdwn.Duration(d)), nil)
		all = append(all, o)
		if d == chosen {
			initial = o
		}
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, mrkdwn.PlainText("Expires within"), ActionFilter+":"+filterEnd, all...)
	menu.InitialOption = initial
	return menu
}

// What follows [ActionFilter] and a colon.
const (
	filterOwner = "owner"
	filterRole  = "role"
	filterEnd   = "end"
	filterNone  = "none" // takes the filters away
)

// HomeFilters change what is searched for, by what follows [ActionFilter]; chosen
// is what a menu says, or "".
var HomeFilters = map[string]func(s Search, chosen string) Search{
	filterOwner: func(s Search, chosen string) Search { s.Person, s.Page = policy.UserID(chosen), 0; return s },
	filterRole:  func(s Search, chosen string) Search { s.Role, s.Page = policy.Role(chosen), 0; return s },
	filterEnd: func(s Search, chosen string) Search {
		s.Within, _ = time.ParseDuration(chosen)
		s.Within, s.Page = max(s.Within, 0), 0
		return s
	},
	filterNone: func(Search, string) Search { return Search{} },
}

// Turn shows the page before or after.
func (s Search) Turn(to string) Search {
	switch to {
	case PagePrevious:
		s.Page = max(s.Page-1, 0)
	case PageNext:
		s.Page++
	}
	return s
}
