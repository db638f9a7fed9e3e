package view

import (
	"net/url"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
)

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
	whose := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, mrkdwn.PlainText("Whose?"), ActionFilter+":"+filterOwner).WithInitialUser(string(s.Person))
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
	all := []*slack.OptionBlockObject{slack.NewOptionBlockObject(AnyOption, mrkdwn.PlainText("Any end"), nil)}
	initial := all[0]
	for _, d := range endsWithin {
		o := slack.NewOptionBlockObject(d.String(), mrkdwn.PlainText("Ends within "+mrkdwn.Duration(d)), nil)
		all = append(all, o)
		if d == chosen {
			initial = o
		}
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, mrkdwn.PlainText("Ends within"), ActionFilter+":"+filterEnd, all...)
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
