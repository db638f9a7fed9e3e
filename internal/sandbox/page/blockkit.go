package page

import (
	"encoding/json"
	"fmt"
)

// Block Kit as it is sent. The workspace checked it before; what this page does
// not know, it says so in the place where it would be.

type text struct {
	Type  string `json:"type"` // plain_text or mrkdwn
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji"` // nil means yes
}

type block struct {
	Type      string          `json:"type"`
	BlockID   string          `json:"block_id"`
	Text      *text           `json:"text"`
	Fields    []text          `json:"fields"`
	Accessory *element        `json:"accessory"`
	Elements  json.RawMessage `json:"elements"` // of context, actions and rich_text, each its own kind

	Label    *text    `json:"label"`
	Element  *element `json:"element"`
	Hint     *text    `json:"hint"`
	Optional bool     `json:"optional"`
	Dispatch bool     `json:"dispatch_action"`

	AltText string `json:"alt_text"`
	Title   *text  `json:"title"`
}

type element struct {
	Type        string   `json:"type"`
	ActionID    string   `json:"action_id"`
	Text        *text    `json:"text"`
	Value       string   `json:"value"`
	Style       string   `json:"style"`
	Label       string   `json:"accessibility_label"`
	Confirm     *confirm `json:"confirm"`
	Placeholder *text    `json:"placeholder"`
	Focus       bool     `json:"focus_on_load"`

	Options        []option   `json:"options"`
	Groups         []optGroup `json:"option_groups"`
	InitialOption  *option    `json:"initial_option"`
	InitialOptions []option   `json:"initial_options"`
	InitialValue   string     `json:"initial_value"`
	InitialDate    string     `json:"initial_date"`
	InitialUser    string     `json:"initial_user"`
	InitialUsers   []string   `json:"initial_users"`
	Multiline      bool       `json:"multiline"`
	Dispatch       struct {
		On []string `json:"trigger_actions_on"`
	} `json:"dispatch_action_config"`

	AltText string `json:"alt_text"`
}

type option struct {
	Text        text   `json:"text"`
	Value       string `json:"value"`
	Description *text  `json:"description"`
}

type optGroup struct {
	Label   text     `json:"label"`
	Options []option `json:"options"`
}

type confirm struct {
	Title   text   `json:"title"`
	Text    text   `json:"text"`
	Confirm text   `json:"confirm"`
	Deny    text   `json:"deny"`
	Style   string `json:"style"`
}

// view is a modal or a Home tab.
type view struct {
	Title  text    `json:"title"`
	Submit *text   `json:"submit"`
	Close  *text   `json:"close"`
	Blocks []block `json:"blocks"`
	State  state   `json:"state"`
}

// state is what is chosen in a view, with the words of what was suggested.
type state struct {
	Values map[string]map[string]struct {
		One  *option  `json:"selected_option"`
		Many []option `json:"selected_options"`
	} `json:"values"`
}

// picked are the options chosen of an element, with their words.
func (s state) picked(blockID, actionID string) []option {
	v := s.Values[blockID][actionID]
	if v.One != nil {
		return []option{*v.One}
	}
	return v.Many
}

func unmarshal[T any](b []byte, into *T) error {
	if len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("reading what the app sent: %w", err)
	}
	return nil
}

// choices are an element's options, grouped or not.
func (e element) choices() []optGroup {
	if len(e.Groups) > 0 {
		return e.Groups
	}
	return []optGroup{{Options: e.Options}}
}

// initial is the initial value of an element.
func (e element) initial() []string {
	var values []string
	for _, o := range e.InitialOptions {
		values = append(values, o.Value)
	}
	values = append(values, e.InitialUsers...)
	if e.InitialOption != nil {
		values = append(values, e.InitialOption.Value)
	}
	for _, single := range []string{e.InitialValue, e.InitialDate, e.InitialUser} {
		if single != "" {
			values = append(values, single)
		}
	}
	return values
}
