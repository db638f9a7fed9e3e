package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"atlaskeybot/internal/approval/policy"
)

// Duration is what is chosen in a menu of them; zero, which no policy allows, if
// that is none.
func (in Input) Duration() time.Duration {
	if in.Selected == nil {
		return 0
	}
	d, _ := time.ParseDuration(in.Selected.Value)
	return d
}

// Only what is used is decoded, with types of our own: Slack adds fields and
// block types at will, and a payload must not become unreadable by that.

// A Command is a slash command as a user typed it.
type Command struct {
	Who         policy.Actor
	Text        string
	Trigger     string
	ResponseURL string
}

// CommandFromForm reads a command that came over HTTP.
func CommandFromForm(form url.Values) (Command, error) {
	return newCommand(form.Get)
}

// CommandFromJSON reads a command that came over Socket Mode.
func CommandFromJSON(payload []byte) (Command, error) {
	var fields map[string]any
	if err := json.Unmarshal(payload, &fields); err != nil {
		return Command{}, errors.New("decoding a command: not a JSON object")
	}
	return newCommand(func(name string) string {
		s, _ := fields[name].(string)
		return s
	})
}

func newCommand(field func(string) string) (Command, error) {
	c := Command{
		Who: policy.Actor{
			User:       policy.UserID(field("user_id")),
			Team:       field("team_id"),
			Enterprise: field("enterprise_id"),
		},
		Text: field("text"), Trigger: field("trigger_id"), ResponseURL: field("response_url"),
	}
	if c.Who.User == "" {
		return Command{}, errors.New("decoding a command: no user")
	}
	return c, nil
}

// An Interaction is a press of a button, a choice in a menu, what is typed into
// one, or the sending of a modal.
type Interaction struct {
	Type        string `json:"type"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	User        struct {
		ID     string `json:"id"`
		TeamID string `json:"team_id"`
	} `json:"user"`
	Team *struct {
		EnterpriseID string `json:"enterprise_id"`
	} `json:"team"` // null when the whole organization installed the app
	Enterprise *struct {
		ID string `json:"id"`
	} `json:"enterprise"`
	Container struct {
		Type        string `json:"type"` // "message" or "view"
		MessageTS   string `json:"message_ts"`
		ChannelID   string `json:"channel_id"`
		IsEphemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message struct {
		Text string `json:"text"`
	} `json:"message"` // as Slack keeps it; not of an ephemeral one
	Actions []struct {
		ActionID string `json:"action_id"`
		BlockID  string `json:"block_id"` // names the request of an element that has no value
		Value    string `json:"value"`
		ActionTS string `json:"action_ts"`

		// Of a menu: what was chosen.
		Selected     *option `json:"selected_option"`
		SelectedUser string  `json:"selected_user"`
	} `json:"actions"`
	View SentView `json:"view"`

	// Of a user who types into a menu that loads its options: in which
	// one, and what.
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}

// A SentView is a modal as it was sent, or the Home tab in which a button was
// pressed.
type SentView struct {
	ID         string `json:"id"`
	Hash       string `json:"hash"` // of what was on the screen
	CallbackID string `json:"callback_id"`
	Metadata   string `json:"private_metadata"`
	State      struct {
		Values map[string]map[string]Input `json:"values"`
	} `json:"state"`
}

// An Input is what one element of a modal holds.
type Input struct {
	Value    *string  `json:"value"` // null when an optional input is empty
	Selected *option  `json:"selected_option"`
	Chosen   []option `json:"selected_options"`
}

type option struct {
	Value string `json:"value"`
	Text  struct {
		Text string `json:"text"`
	} `json:"text"`
}

// DecodeInteraction reads an interaction. Its error quotes nothing of the payload.
func DecodeInteraction(payload []byte) (Interaction, error) {
	var i Interaction
	if err := json.Unmarshal(payload, &i); err != nil {
		return Interaction{}, errors.New("decoding an interaction: not the JSON expected") // the cause can quote what was typed
	}
	if i.User.ID == "" {
		return Interaction{}, fmt.Errorf("decoding an interaction: no user")
	}
	return i, nil
}

// Who is the user who did it.
func (i Interaction) Who() policy.Actor {
	who := policy.Actor{User: policy.UserID(i.User.ID), Team: i.User.TeamID}
	switch {
	case i.Enterprise != nil:
		who.Enterprise = i.Enterprise.ID
	case i.Team != nil:
		who.Enterprise = i.Team.EnterpriseID
	}
	return who
}

// Input returns what the element of the given id holds; zero if it is not there.
func (v SentView) Input(id string) Input { return v.State.Values[id][id] }

// Text is what was typed.
func (in Input) Text() string {
	if in.Value == nil {
		return ""
	}
	return *in.Value
}
