package slack

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// message is a message as it is stored, or an ephemeral one as a client keeps it.
type message struct {
	ts, room  string
	author    string
	bot       bool
	ephemeral bool
	text      string
	blocks    []any
	metadata  any
	at        time.Time
	edited    string // ts of the last edit
	threadTS  string
	notified  []string // whom Slack notified of it when it was posted
}

// post stores a message in a room.
func (w *Workspace) post(r *room, m *message) *message {
	m.ts, m.room, m.at = w.stamp(), r.id, w.opts.Now()
	m.notified = w.notified(r, m)
	r.messages = append(r.messages, m)
	w.changed()
	return m
}

func (r *room) find(ts string) *message {
	i := slices.IndexFunc(r.messages, func(m *message) bool { return m.ts == ts })
	if i < 0 {
		return nil
	}
	return r.messages[i]
}

func (r *room) has(user string) bool { return slices.Contains(r.members, user) }

// addEphemeral shows an ephemeral message to one person, if they are there to see
// it. Slack answers ok either way and keeps nothing.
func (w *Workspace) addEphemeral(r *room, user string, m *message) *message {
	m.ts, m.room, m.at, m.ephemeral = w.stamp(), r.id, w.opts.Now(), true
	if why := w.unseen(r, user); why != "" {
		w.lost = append(w.lost, Ephemeral{TS: m.ts, User: user, Conversation: r.id, At: m.at, Why: why})
	} else {
		s := w.sessions[user]
		m.notified = []string{user}
		s.notes = append(s.notes, m)
	}
	w.changed()
	return m
}

// unseen says why user would not see an ephemeral message in r; empty if they would.
func (w *Workspace) unseen(r *room, user string) string {
	p, s := w.people[user], w.sessions[user]
	switch {
	case p == nil || p.Deleted || !p.Active:
		return "away"
	case w.opts.EphemeralNeedsLook && s.looking != r.id:
		return "not looking at the conversation"
	}
	return ""
}

// forget removes an ephemeral message from a person's screen.
func (w *Workspace) forget(user, ts string) {
	s := w.sessions[user]
	if s == nil {
		return // a forged click of an unknown user
	}
	s.notes = slices.DeleteFunc(s.notes, func(m *message) bool { return m.ts == ts })
	w.changed()
}

// wire is the message as Web API answers and payloads carry it.
func (m *message) wire() obj {
	o := obj{"type": "message", "user": m.author, "ts": m.ts, "team": TeamID, "text": m.text}
	if m.bot {
		o["bot_id"], o["app_id"] = BotID, AppID
	}
	if m.text == "" {
		o["text"] = "This content can't be displayed."
	}
	if len(m.blocks) > 0 {
		o["blocks"] = m.blocks
	}
	if m.threadTS != "" {
		o["thread_ts"] = m.threadTS
	}
	if m.edited != "" {
		o["edited"] = obj{"user": m.author, "ts": m.edited}
	}
	if m.metadata != nil {
		o["metadata"] = m.metadata
	}
	return o
}

// AppDM is the id of a person's DM with the app. It exists once the bot wrote
// to them or they went there.
func AppDM(user string) string { return "D0" + strings.TrimLeft(user, "UW0") }

// appRoom returns a person's DM with the app, opening it if need be.
func (w *Workspace) appRoom(user string) *room {
	if r := w.openAppRoom(user); r != nil {
		return r
	}
	return w.addRoom(&room{
		id: AppDM(user), kind: KindApp, owner: user, private: true, members: []string{user, BotUser},
	})
}

// openAppRoom returns a person's DM with the app, or nil.
func (w *Workspace) openAppRoom(user string) *room {
	for _, r := range w.rooms {
		if r.kind == KindApp && r.owner == user {
			return r
		}
	}
	return nil
}

// encode turns what this package put together into JSON.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("slack: encoding a payload: " + err.Error()) // only strings, numbers, maps and slices go in
	}
	return b
}
