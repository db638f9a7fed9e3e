package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"atlaskeybot/internal/sandbox/slack"
)

// SlackInput is the body of POST /control/slack. Which members matter depends
// on the act.
type SlackInput struct {
	Act          string                            `json:"act"`
	User         string                            `json:"user"`
	Conversation string                            `json:"conversation"` // of a message; empty: wherever the button is
	TS           string                            `json:"ts"`           // empty: the newest message with that action
	Command      string                            `json:"command"`
	Text         string                            `json:"text"`
	Block        string                            `json:"block"`  // a block_id
	Action       string                            `json:"action"` // an action_id
	Value        []string                          `json:"value"`
	Values       map[string]map[string]slack.Value `json:"values"` // block_id, action_id
	On           bool                              `json:"on"`
	Code         string                            `json:"code"`
	Scopes       []string                          `json:"scopes"`
	Group        string                            `json:"group"`
	Users        []string                          `json:"users"`
	Reason       slack.Reason                      `json:"reason"`
}

// SlackActions lists what people do in Slack, and what happens to the workspace.
var SlackActions = []Action[SlackInput]{
	{"command", "user types command, with text, into conversation.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.Command(r.Context(), in.User, in.Conversation, in.Command, in.Text)
	}},
	{"click", "user clicks action (value) of a message: conversation and ts, or the newest that has it.", press},
	{"click-in-modal", "user uses action (value) in the open modal.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.ClickInModal(r.Context(), in.User, in.Action, in.Value...)
	}},
	{"click-in-home", "user uses action (value) of the Home tab.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.ClickInHome(r.Context(), in.User, in.Action, in.Value...)
	}},
	{"fill", "user fills values into the open modal, and does not submit; dispatched fields are sent to the app.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.Fill(r.Context(), in.User, in.Values)
	}},
	{"enter", "user presses Enter in the text field block/action of the open modal.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.ClickEnter(r.Context(), in.User, in.Block, in.Action)
	}},
	{"load-options", "user types text into the external select block/action of the open modal. Returns what the menu shows.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return s.Slack.LoadOptions(r.Context(), in.User, in.Block, in.Action, in.Text)
	}},
	{"submit", "user fills values into the open modal and submits it. Returns what they then see.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return s.Slack.Submit(r.Context(), in.User, in.Values)
	}},
	{"submit-again", "user's last submission arrives once more.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return s.Slack.SubmitAgain(r.Context(), in.User)
	}},
	{"close-modal", "user presses Cancel.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.CloseModal(r.Context(), in.User)
	}},
	{"open-home", "user opens the app's Home tab.", func(s *API, r *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.OpenHome(r.Context(), in.User)
	}},
	{"view", "user opens conversation.", func(s *API, _ *http.Request, in SlackInput) (any, error) {
		return done{true}, s.Slack.View(in.User, in.Conversation)
	}},

	{"away", "user closes Slack, and misses ephemeral messages.", quietly(func(w *slack.Workspace, in SlackInput) { w.Away(in.User) })},
	{"active", "user has Slack open again.", quietly(func(w *slack.Workspace, in SlackInput) { w.Active(in.User) })},
	{"reload", "user restarts Slack; with on, ephemeral messages are gone then.", quietly(func(w *slack.Workspace, in SlackInput) { w.Reload(in.User, in.On) })},
	{"deactivate", "user is removed from the workspace.", quietly(func(w *slack.Workspace, in SlackInput) { w.Deactivate(in.User) })},
	{"reactivate", "user is let in again.", quietly(func(w *slack.Workspace, in SlackInput) { w.Reactivate(in.User) })},
	{"guest", "user becomes a guest, or a member again: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.SetGuest(in.User, in.On) })},
	{"hide", "users.info does not show user, or does again: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.Hide(in.User, in.On) })},

	{"share", "conversation is shared with the other workspace, or not: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.ShareChannel(in.Conversation, in.On) })},
	{"private", "conversation becomes private, or public: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.SetPrivate(in.Conversation, in.On) })},
	{"archive", "conversation is archived, or restored: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.Archive(in.Conversation, in.On) })},
	{"restrict", "only administrators post in conversation, or all members: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.Restrict(in.Conversation, in.On) })},
	{"add-bot", "the bot is invited to conversation.", quietly(func(w *slack.Workspace, in SlackInput) { w.AddBotToChannel(in.Conversation) })},
	{"remove-bot", "the bot is removed from conversation.", quietly(func(w *slack.Workspace, in SlackInput) { w.RemoveBotFromChannel(in.Conversation) })},

	{"auth-error", "every call of the app answers code; empty restores service.", quietly(func(w *slack.Workspace, in SlackInput) { w.SetAuthError(in.Code) })},
	{"scopes", "the bot token may do scopes, and nothing else.", quietly(func(w *slack.Workspace, in SlackInput) { w.SetScopes(in.Scopes...) })},
	{"group", "user group gets users; it is created if needed.", quietly(func(w *slack.Workspace, in SlackInput) { w.SetGroup(in.Group, in.Users...) })},
	{"name-group", "user group is mentioned as @text.", quietly(func(w *slack.Workspace, in SlackInput) { w.NameGroup(in.Group, in.Text) })},
	{"disable-group", "user group is disabled, or enabled again: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.DisableGroup(in.Group, in.On) })},
	{"join", "user joins conversation.", quietly(func(w *slack.Workspace, in SlackInput) { w.Join(in.User, in.Conversation) })},
	{"leave", "user leaves conversation.", quietly(func(w *slack.Workspace, in SlackInput) { w.Leave(in.User, in.Conversation) })},
	{"groups-need-upgrade", "the plan has no user groups, or has: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.GroupsNeedUpgrade(in.On) })},
	{"messages-tab", "the app's Messages tab is on or off: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.MessagesTab(in.On) })},
	{"home-tab", "the app's Home tab is on or off: on.", quietly(func(w *slack.Workspace, in SlackInput) { w.HomeTab(in.On) })},
	{"disconnect", "Slack ends the app's WebSockets, for a reason.", quietly(func(w *slack.Workspace, in SlackInput) { w.Disconnect(in.Reason) })},
}

func (s *API) slackAct(r *http.Request) (any, error) {
	var in SlackInput
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return perform(s, r, SlackActions, in.Act, in)
}

// quietly is an act that cannot fail.
func quietly(do func(*slack.Workspace, SlackInput)) func(*API, *http.Request, SlackInput) (any, error) {
	return func(s *API, _ *http.Request, in SlackInput) (any, error) {
		do(s.Slack, in)
		return done{true}, nil
	}
}

func press(s *API, r *http.Request, in SlackInput) (any, error) {
	if in.TS == "" {
		var found bool
		in.Conversation, in.TS, found = newest(s.Slack.Screen(in.User), in.Conversation, in.Action)
		if !found {
			return nil, fmt.Errorf("clicking %s as %s: no message on their screen has it", in.Action, in.User)
		}
	}
	return done{true}, s.Slack.Click(r.Context(), in.User, in.Conversation, in.TS, in.Action, in.Value...)
}

// newest finds the last message with an action; conversation may be empty.
func newest(screen slack.Screen, conversation, action string) (in, ts string, found bool) {
	for _, c := range screen.Conversations {
		if conversation != "" && c.ID != conversation {
			continue
		}
		for _, m := range slices.Backward(c.Messages) {
			if has(m.Blocks, action) && m.TS > ts {
				in, ts, found = c.ID, m.TS, true
				break
			}
		}
	}
	return in, ts, found
}

// has reports whether an element somewhere in blocks has that action_id.
func has(blocks json.RawMessage, action string) bool {
	var v any
	if json.Unmarshal(blocks, &v) != nil {
		return false
	}
	return holds(v, action)
}

func holds(v any, action string) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return holds(item, action) })
	case map[string]any:
		if v["action_id"] == action {
			return true
		}
		for _, member := range v {
			if holds(member, action) {
				return true
			}
		}
	}
	return false
}
