package slackui

import (
	"net/url"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval"
)

// A search is what an approver's Home tab shows of the live keys. The tab
// carries it in its private_metadata: the bot remembers nothing.
type search struct {
	person approval.UserID // empty: anybody's
	role   approval.Role   // empty: any
	within time.Duration   // until the end; zero: any
	page   int             // from 0
}

func (s search) encode() string {
	v := url.Values{}
	put := func(name, value string, is bool) {
		if is {
			v.Set(name, value)
		}
	}
	put("person", string(s.person), s.person != "")
	put("role", string(s.role), s.role != "")
	put("within", s.within.String(), s.within > 0)
	put("page", decimal(s.page), s.page > 0)
	return v.Encode()
}

// parseSearch reads what it can and leaves out the rest.
func parseSearch(text string) search {
	v, err := url.ParseQuery(text)
	if err != nil {
		return search{}
	}
	s := search{person: approval.UserID(v.Get("person")), role: approval.Role(v.Get("role"))}
	s.within, _ = time.ParseDuration(v.Get("within"))
	s.page, _ = strconv.Atoi(v.Get("page"))
	s.within, s.page = max(s.within, 0), max(s.page, 0)
	return s
}

// anything is the value of a menu's first choice.
const anything = "any"

// endsWithin are the choices of how near a key's end is.
var endsWithin = []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// searchBlock shows what is searched for. Slack keeps what somebody chose while
// a block has its id, so that the id changes with the search.
func searchBlock(s search) slack.Block {
	whose := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainText("Whose?"), actionHomePerson).WithInitialUser(string(s.person))
	elements := []slack.BlockElement{whose, roleMenu(s.role), endMenu(s.within)}
	if s.person != "" || s.role != "" || s.within > 0 {
		elements = append(elements, button(actionHomeAll, "", "Show all", ""))
	}
	s.page = 0
	return slack.NewActionBlock(truncate("home.search?"+s.encode(), 255), elements...)
}

func roleMenu(chosen approval.Role) *slack.SelectBlockElement {
	all := []*slack.OptionBlockObject{slack.NewOptionBlockObject(anything, plainText("Any role"), nil)}
	initial := all[0]
	for _, info := range approval.OrgRoles {
		o := slack.NewOptionBlockObject(string(info.Name), plainText(truncate(info.Title, maxOption)), nil)
		all = append(all, o)
		if info.Name == chosen {
			initial = o
		}
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Role"), actionHomeRole, all...)
	menu.InitialOption = initial
	return menu
}

func endMenu(chosen time.Duration) *slack.SelectBlockElement {
	all := []*slack.OptionBlockObject{slack.NewOptionBlockObject(anything, plainText("Any end"), nil)}
	initial := all[0]
	for _, d := range endsWithin {
		o := slack.NewOptionBlockObject(d.String(), plainText("Ends within "+humanDuration(d)), nil)
		all = append(all, o)
		if d == chosen {
			initial = o
		}
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Ends within"), actionHomeEnds, all...)
	menu.InitialOption = initial
	return menu
}

// A homeFilter changes what is searched for; chosen is what a menu says, or "".
type homeFilter func(s search, chosen string) search

// homeFilters are the elements of a Home tab that are about no request.
var homeFilters = map[string]homeFilter{
	actionHomePerson: func(s search, chosen string) search { s.person, s.page = approval.UserID(chosen), 0; return s },
	actionHomeRole:   func(s search, chosen string) search { s.role, s.page = approval.Role(chosen), 0; return s },
	actionHomeEnds: func(s search, chosen string) search {
		s.within, _ = time.ParseDuration(chosen)
		s.within, s.page = max(s.within, 0), 0
		return s
	},
	actionHomeAll:  func(search, string) search { return search{} },
	actionHomePrev: func(s search, _ string) search { s.page = max(s.page-1, 0); return s },
	actionHomeNext: func(s search, _ string) search { s.page++; return s },
	actionHomeAsk:  func(s search, _ string) search { return s }, // and opens the form
}
