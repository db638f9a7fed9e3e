package slack

import (
	"encoding/json"
	"time"
)

// Screen is what one person sees of the workspace.
type Screen struct {
	Me            Person          `json:"me"`
	Conversations []Conversation  `json:"conversations"`
	Modal         *Modal          `json:"modal,omitempty"` // the top one, if any is open
	Home          json.RawMessage `json:"home,omitempty"`  // the published Home view, if any
	Notices       []Notice        `json:"notices"`
}

// Conversation is a channel or a direct message, with what this person sees in it.
type Conversation struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"` // without #; the other person's name in a DM
	Kind     string    `json:"kind"` // KindChannel, KindApp or KindDM
	Messages []Message `json:"messages"`
	Unread   int       `json:"unread"` // since the person last looked
}

// The kinds of conversation.
const (
	KindChannel = "channel"
	KindApp     = "app" // this person's DM with the app
	KindDM      = "dm"  // between two people; the app is not in it
)

// Message is one message as a person sees it.
type Message struct {
	TS        string          `json:"ts"`
	Author    string          `json:"author"` // a user id
	Bot       bool            `json:"bot"`
	Ephemeral bool            `json:"ephemeral"` // "Only visible to you"
	Text      string          `json:"text"`      // what a notification and a screen reader say
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	At        time.Time       `json:"at"`
	Edited    bool            `json:"edited"`
	ThreadTS  string          `json:"thread_ts,omitempty"`
	Mentions  Mentions        `json:"mentions"` // whom it calls, as it is now

	// Notified are those whom Slack notified when it was posted: their ids, in the order
	// of the conversation's members.
	Notified []string `json:"notified,omitempty"`
}

// Modal is the view a person has open.
type Modal struct {
	ViewID  string                      `json:"view_id"`
	View    json.RawMessage             `json:"view"`    // as Slack hands it out: ids filled in
	Errors  map[string]string           `json:"errors"`  // block_id to sentence, of the last submit
	Trouble string                      `json:"trouble"` // what Slack says when the app's answer was no good
	Values  map[string]map[string]Value `json:"values"`  // block_id, action_id: what is filled in now
}

// Value is what a person filled in: one string for a text, a number, a date or
// a single choice; any number of option values (or user ids) for a multiple
// choice. Nothing, or one empty string, is an empty field.
type Value []string

// Text is the value of a text field.
func Text(s string) Value { return Value{s} }

// Pick is the value of a select, radio buttons or checkboxes.
func Pick(options ...string) Value { return Value(options) }

// Notice is what Slack itself tells a person, such as that a command failed.
type Notice struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Outcome says how a submit ended.
type Outcome string

const (
	Closed  Outcome = "closed"  // the app accepted; the view is gone
	Cleared Outcome = "cleared" // the app closed all its views
	Refused Outcome = "errors"  // fields are marked; the view stays
	Updated Outcome = "updated" // the app replaced the view
	Pushed  Outcome = "pushed"  // the app put another view on top
	Trouble Outcome = "trouble" // no usable answer; the view stays
)

// Result is what a person sees after pressing a modal's submit button.
type Result struct {
	Outcome Outcome           `json:"outcome"`
	Errors  map[string]string `json:"errors,omitempty"` // block_id to sentence, if Refused
	// Local is true if the client itself refused: the app was not asked.
	Local   bool   `json:"local,omitempty"`
	Trouble string `json:"trouble,omitempty"`
}

// Option is one suggestion of an external select.
type Option struct {
	Text  string `json:"text"`
	Value string `json:"value"`
	Group string `json:"group,omitempty"` // the label above it, if any
}

// Ephemeral is a message that was accepted with ok and not shown.
type Ephemeral struct {
	TS, User, Conversation string
	At                     time.Time
	Why                    string // "away", "not looking at the conversation", "reload"
}
