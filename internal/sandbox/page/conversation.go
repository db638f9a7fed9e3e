package page

import (
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/sandbox/slack"
)

// appName is what people call the app.
const appName = "Atlas Key Bot"

// tones is how many colours the style sheet has for people.
const tones = 7

// A conversation is what the middle of the page shows: a conversation or the app's
// Home tab.
type conversation struct {
	ID       string
	Name     string
	Kind     string
	Unread   int
	Messages []message
	Home     []drawnBlock
	Nothing  string // why there is nothing to see
}

// message is one message with its thread.
type message struct {
	ID        string
	Author    string
	Initial   string
	Tone      int // zero: the app
	Bot       bool
	Ephemeral bool
	Edited    bool
	Unread    bool
	At        time.Time
	Text      template.HTML // if there are no blocks
	Blocks    []drawnBlock
	Replies   []message
}

func (d drawer) conversation(me personLink, screen slack.Screen, here string) conversation {
	if here == homeTab {
		return d.home(me, screen)
	}
	for _, c := range screen.Conversations {
		if inURL(c) == here {
			p := conversation{ID: c.ID, Name: c.Name, Kind: c.Kind, Unread: c.Unread, Messages: d.messages(me, c)}
			if c.Kind == slack.KindApp {
				p.Name = appName
			}
			if len(p.Messages) == 0 {
				p.Nothing = "No messages here yet."
			}
			return p
		}
	}
	if here == messagesTab {
		return conversation{Name: appName, Kind: slack.KindApp, Nothing: "The app has not written to " + me.RealName + " yet."}
	}
	return conversation{Name: "Nothing", Kind: "nothing", Nothing: me.RealName + " is in no conversation of this workspace. Strangers see only channels that are shared with them."}
}

func (d drawer) home(me personLink, screen slack.Screen) conversation {
	p := conversation{ID: homeTab, Name: appName, Kind: homeTab}
	d.id, d.press = "home", "/page/click-in-home?"+url.Values{"as": {me.ID}}.Encode()
	p.Home = d.blocks(readView(screen.Home).Blocks)
	if len(p.Home) == 0 {
		p.Nothing = "The app has not published a Home tab for " + me.RealName + "."
	}
	return p
}

// messages puts replies under what they reply to. A reply to something that is
// not there stands for itself.
func (d drawer) messages(me personLink, c slack.Conversation) []message {
	var top []message
	at := map[string]int{}
	for i, m := range c.Messages {
		drawn := d.message(me, c, m)
		drawn.Unread = i >= len(c.Messages)-c.Unread
		parent, known := at[m.ThreadTS]
		if known && m.ThreadTS != m.TS {
			top[parent].Replies = append(top[parent].Replies, drawn)
			continue
		}
		at[m.TS] = len(top)
		top = append(top, drawn)
	}
	return top
}

func (d drawer) message(me personLink, c slack.Conversation, m slack.Message) message {
	var blocks []block
	if err := unmarshal(m.Blocks, &blocks); err != nil {
		blocks = []block{{Type: err.Error()}}
	}
	d.id = "m-" + strings.ReplaceAll(m.TS, ".", "-")
	d.press = "/page/click?" + url.Values{"as": {me.ID}, "in": {c.ID}, "ts": {m.TS}}.Encode()
	drawn := message{
		ID: d.id, Author: d.author(m), Bot: m.Bot, Ephemeral: m.Ephemeral, Edited: m.Edited,
		At: m.At, Blocks: d.blocks(blocks),
	}
	drawn.Initial, drawn.Tone = initial(drawn.Author), d.tone(m.Author)
	if len(blocks) == 0 {
		drawn.Text = d.mrkdwn(m.Text)
	}
	return drawn
}

func (d drawer) author(m slack.Message) string {
	if name := d.names.people[m.Author]; name != "" {
		return name
	}
	if m.Bot {
		return appName
	}
	return m.Author
}

func (d drawer) tone(author string) int {
	for i, person := range d.people {
		if person.ID == author {
			return i%tones + 1
		}
	}
	return 0
}

func initial(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return "?"
	}
	return strings.ToUpper(string(r))
}

// modal is the view over the page.
type modal struct {
	ID      string
	User    string
	Title   template.HTML
	Submit  template.HTML
	Close   template.HTML
	Trouble string
	Blocks  []drawnBlock
}

func (d drawer) modal(me string, open *slack.Modal) *modal {
	if open == nil {
		return nil
	}
	v := readView(open.View)
	d.id, d.press = domID("modal", open.ViewID), "/page/click-in-modal?"+url.Values{"as": {me}}.Encode()
	d.values, d.errors, d.inForm, d.state = open.Values, open.Errors, true, v.State
	drawn := &modal{
		ID: d.id, User: me, Title: d.text(&v.Title), Submit: d.text(v.Submit), Close: d.text(v.Close),
		Trouble: open.Trouble, Blocks: d.blocks(v.Blocks),
	}
	if drawn.Close == "" {
		drawn.Close = "Close"
	}
	drawn.focus()
	return drawn
}

// focus puts the cursor into the first field, unless the app said where.
func (m *modal) focus() {
	var first *control
	for _, b := range m.Blocks {
		if b.Input == nil {
			continue
		}
		if b.Input.Field.Focus {
			return
		}
		if first == nil {
			first = &b.Input.Field
		}
	}
	if first != nil {
		first.Focus = true
	}
}
