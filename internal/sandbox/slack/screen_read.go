package slack

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// Screen is what user sees now. A user that the workspace does not know, or no
// longer lets in, sees nothing.
func (w *Workspace) Screen(user string) Screen {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.people[user]
	if p == nil {
		return Screen{}
	}
	s := Screen{Me: *p, Conversations: []Conversation{}, Notices: slices.Clone(w.notices[user])}
	if p.Deleted {
		return s
	}
	for _, id := range w.order {
		if r := w.rooms[id]; r.has(user) {
			s.Conversations = append(s.Conversations, w.conversation(user, r))
		}
	}
	if v := w.top(user); v != nil {
		s.Modal = v.modal()
	}
	if v := w.homes[user]; v != nil && !w.homeOff {
		s.Home = encode(v.wire())
	}
	return s
}

func (w *Workspace) conversation(user string, r *room) Conversation {
	s := w.sessions[user]
	c := Conversation{ID: r.id, Name: w.roomName(user, r), Kind: r.kind, Messages: []Message{}}
	for _, m := range r.messages {
		c.Messages = append(c.Messages, m.shown())
	}
	for _, m := range s.notes {
		if m.room == r.id {
			c.Messages = append(c.Messages, m.shown())
		}
	}
	slices.SortStableFunc(c.Messages, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	for _, m := range c.Messages {
		if s.looking != r.id && m.Author != user && m.TS > s.read[r.id] {
			c.Unread++
		}
	}
	return c
}

func (w *Workspace) roomName(user string, r *room) string {
	switch r.kind {
	case KindApp:
		return w.opts.AppName
	case KindDM:
		other := slices.IndexFunc(r.members, func(id string) bool { return id != user })
		return w.people[r.members[other]].RealName
	default:
		return r.name
	}
}

func (m *message) shown() Message {
	s := Message{
		TS: m.ts, Author: m.author, Bot: m.bot, Ephemeral: m.ephemeral, Text: m.text,
		At: m.at, Edited: m.edited != "", ThreadTS: m.threadTS, Mentions: m.mentions(), Notified: m.notified,
	}
	if len(m.blocks) > 0 {
		s.Blocks = encode(m.blocks)
	}
	return s
}

func (v *view) modal() *Modal {
	values := map[string]map[string]Value{}
	for block, actions := range v.entered {
		values[block] = maps.Clone(actions)
	}
	return &Modal{ViewID: v.id, View: encode(v.wire()), Errors: maps.Clone(v.errors), Trouble: v.trouble, Values: values}
}

// People lists all people, in a fixed order.
func (w *Workspace) People() []Person {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Person
	for _, id := range []string{Alice, Bob, Dana, Carol, Eve, Gil, Dee} {
		all = append(all, *w.people[id])
	}
	return all
}

// Directory lists whom a menu of people offers: the app itself, too.
func (w *Workspace) Directory() []Person {
	all := append(w.People(), Person{ID: BotUser, Name: "atlas-key-bot", RealName: w.opts.AppName, TeamID: TeamID})
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(all, func(p Person) bool { return !w.listed(p.ID) })
}

// Wait blocks until user's screen satisfies seen, and returns that screen. If
// ctx ends first it returns the screen as it is then, and ctx's error.
func (w *Workspace) Wait(ctx context.Context, user string, seen func(Screen) bool) (Screen, error) {
	changes, stop := w.Changes()
	defer stop()
	for {
		s := w.Screen(user)
		if seen(s) {
			return s, nil
		}
		select {
		case <-changes:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// Changes returns a channel that receives after something on some screen
// changed. Changes in quick succession may be one receive. Call stop when done.
func (w *Workspace) Changes() (ch <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers[c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.watchers, c)
	}
}

// changed notifies all watchers. The caller holds mu.
func (w *Workspace) changed() {
	for c := range w.watchers {
		select {
		case c <- struct{}{}:
		default: // a wake-up is on its way
		}
	}
}
