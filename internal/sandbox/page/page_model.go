package page

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"atlaskeybot/internal/sandbox/slack"
)

// What the URL calls the app's two tabs, for every viewer: the Home tab is no
// conversation, and the conversation has an id for each person.
const (
	homeTab     = "home"
	messagesTab = "app"
)

// pageModel is everything one person sees at one moment. It is a pure function of
// the emulators and the URL: to update a tab, it is drawn again, and the script
// changes what differs.
type pageModel struct {
	Title       string
	Me          personLink
	People      []personLink
	Channels    []conversationLink
	Direct      []conversationLink
	App         appLinks
	Here        conversation
	Notices     []notice
	Lost        []slack.Ephemeral // messages that Slack accepted but did not show to this person
	Modal       *modal
	Atlas       organization
	Clock       clock
	Faults      faultState
	PersonAdmin []member
	Command     string
}

// personLink is a person, as the row of people shows them.
type personLink struct {
	slack.Person
	First   string // name
	Initial string
	Tone    int    // of the colour behind the initial
	Part    string // their role in the sandbox
	Foreign bool   // of another workspace
	URL     string
	Me      bool
}

// conversationLink is a link to a conversation.
type conversationLink struct {
	Name   string
	URL    string
	Here   bool
	Unread int
}

type appLinks struct{ Home, Messages conversationLink }

type notice struct {
	ID   string
	At   time.Time
	Text template.HTML
}

type clock struct {
	Now    time.Time
	Ahead  string // of real time, in words; empty: not at all
	Offset int64  // milliseconds ahead of the browser's clock
}

// noticesShown is how long, and how many of, Slack's own notices stand above
// the field in which people type.
const (
	noticesShown    = 5 * time.Minute
	noticesTogether = 3
)

// parts are the roles of the workspace's people.
var parts = map[string]string{
	slack.Alice: "asks for keys",
	slack.Bob:   "approver",
	slack.Dana:  "approver",
	slack.Carol: "security, on call",
	slack.Eve:   "other workspace",
	slack.Gil:   "guest",
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	var out bytes.Buffer
	if err := p.drawing.ExecuteTemplate(&out, "page.html", p.pageModel(r.URL.Query())); err != nil {
		http.Error(w, "drawing the page: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(out.Bytes()) // the browser is gone
}

func (p *page) pageModel(query url.Values) pageModel {
	people := p.Slack.People()
	me := viewer(people, query.Get("as"))
	screen := p.Slack.Screen(me)
	now := p.Clock.Now()
	d := drawer{names: namesOf(screen, people, p.Slack.Groups()), people: people, listed: p.Slack.Directory()}
	s := pageModel{
		People:      peopleLinks(people, me, query.Get("in")),
		Notices:     d.notices(screen.Notices, now),
		Lost:        lostTo(me, p.Slack.Lost()),
		Modal:       d.modal(me, screen.Modal),
		Atlas:       observe(p.Atlas, now),
		Clock:       clock{Now: now, Ahead: span(p.Clock.Offset()), Offset: p.Clock.Offset().Milliseconds()},
		Faults:      p.faultPresets(),
		Command:     p.Command,
		PersonAdmin: personAdmin(people, p.Slack.Groups()),
	}
	for _, f := range s.People {
		if f.Me {
			s.Me = f
		}
	}
	here := currentConversation(screen, query.Get("in"))
	s.Channels, s.Direct, s.App = conversationLinks(screen, here)
	s.Here = d.conversation(s.Me, screen, here)
	s.Title = s.Here.Name + " · " + s.Me.RealName
	return s
}

// viewer returns the requested person, or the first one if they are not there.
func viewer(people []slack.Person, asked string) string {
	me := slack.Alice
	for _, person := range slices.Backward(people) {
		if !person.Deleted {
			me = person.ID
		}
	}
	for _, person := range people {
		if person.ID == asked && !person.Deleted {
			me = asked
		}
	}
	return me
}

// knows reports whether user can be the viewer.
func (p *page) knows(user string) bool {
	return slices.ContainsFunc(p.Slack.People(), func(known slack.Person) bool {
		return known.ID == user && !known.Deleted
	})
}

func namesOf(screen slack.Screen, people []slack.Person, groups []slack.Group) names {
	n := names{
		me:       screen.Me.ID,
		people:   map[string]string{slack.BotUser: appName},
		channels: map[string]string{slack.Approvals: "atlas-approvals", slack.General: "general"},
		groups:   map[string]string{},
	}
	for _, g := range groups {
		n.groups[g.ID] = g.Handle
	}
	for _, person := range people {
		n.people[person.ID] = person.RealName
	}
	for _, c := range screen.Conversations {
		if c.Kind == slack.KindChannel {
			n.channels[c.ID] = c.Name
		}
	}
	return n
}

// peopleLinks lead to the same conversation as seen by other people, if they see it.
func peopleLinks(people []slack.Person, me, here string) []personLink {
	var all []personLink
	for i, person := range people {
		if person.Deleted {
			continue
		}
		all = append(all, personLink{
			Person: person, First: strings.Fields(person.RealName + " ?")[0], Initial: initial(person.RealName), Tone: i%tones + 1,
			Part: parts[person.ID], Foreign: person.TeamID != slack.TeamID, URL: urlOf(person.ID, here), Me: person.ID == me,
		})
	}
	return all
}

// currentConversation is what the URL names, or else the first conversation there is.
func currentConversation(screen slack.Screen, in string) string {
	known := in == homeTab || in == messagesTab || slices.ContainsFunc(screen.Conversations, func(c slack.Conversation) bool { return c.ID == in })
	if known || len(screen.Conversations) == 0 {
		return in
	}
	return inURL(screen.Conversations[0])
}

// inURL is what the URL calls a conversation.
func inURL(c slack.Conversation) string {
	if c.Kind == slack.KindApp {
		return messagesTab
	}
	return c.ID
}

func conversationLinks(screen slack.Screen, here string) (channels, direct []conversationLink, app appLinks) {
	me := screen.Me.ID
	app.Home = conversationLink{Name: "Home", URL: urlOf(me, homeTab), Here: here == homeTab}
	app.Messages = conversationLink{Name: "Messages", URL: urlOf(me, messagesTab), Here: here == messagesTab}
	for _, c := range screen.Conversations {
		d := conversationLink{Name: c.Name, URL: urlOf(me, inURL(c)), Here: inURL(c) == here, Unread: c.Unread}
		switch c.Kind {
		case slack.KindChannel:
			channels = append(channels, d)
		case slack.KindApp:
			app.Messages.Unread = c.Unread
		default:
			direct = append(direct, d)
		}
	}
	return channels, direct, app
}

func (d drawer) notices(all []slack.Notice, now time.Time) []notice {
	var shown []notice
	for _, it := range all[max(0, len(all)-noticesTogether):] {
		if now.Sub(it.At) < noticesShown {
			id := "notice-" + it.At.UTC().Format("20060102T150405.000000000")
			shown = append(shown, notice{ID: id, At: it.At, Text: d.mrkdwn(it.Text)})
		}
	}
	return shown
}

func lostTo(me string, all []slack.Ephemeral) []slack.Ephemeral {
	return slices.DeleteFunc(slices.Clone(all), func(e slack.Ephemeral) bool { return e.User != me })
}

// urlOf is where a tab of that person stands in that conversation.
func urlOf(user, conversation string) string {
	query := url.Values{"as": {user}}
	if conversation != "" {
		query.Set("in", conversation)
	}
	return "/?" + query.Encode()
}

// readView reads a modal or a Home tab. What cannot be read is shown as such.
func readView(raw json.RawMessage) view {
	var v view
	if err := unmarshal(raw, &v); err != nil {
		v.Blocks = []block{{Type: err.Error()}}
	}
	return v
}
