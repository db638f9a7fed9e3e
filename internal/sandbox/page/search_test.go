package page_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// live is a modal that is told of what is filled in, in every way there is.
const live = `{"type":"modal","title":{"type":"plain_text","text":"Ask for a key"},"submit":{"type":"plain_text","text":"Send"},"blocks":[
	{"type":"section","block_id":"who","text":{"type":"mrkdwn","text":"For <@U0BOB>"},"accessory":{"type":"users_select","action_id":"for"}},
	{"type":"input","block_id":"org","dispatch_action":true,"label":{"type":"plain_text","text":"Organization"},"element":{"type":"static_select","action_id":"org","options":[{"text":{"type":"plain_text","text":"Prod"},"value":"prod"}]}},
	{"type":"input","block_id":"p","dispatch_action":true,"label":{"type":"plain_text","text":"Projects"},"element":{"type":"multi_external_select","action_id":"p","placeholder":{"type":"plain_text","text":"Type a name"}}},
	{"type":"input","block_id":"q","label":{"type":"plain_text","text":"Cluster"},"element":{"type":"external_select","action_id":"q"}},
	{"type":"divider","block_id":"d"},
	{"type":"context","block_id":"c","elements":[{"type":"mrkdwn","text":"*Risk:* low"}]},
	{"type":"input","block_id":"team","label":{"type":"plain_text","text":"Team"},"element":{"type":"multi_users_select","action_id":"team"}},
	{"type":"input","block_id":"ip","dispatch_action":true,"label":{"type":"plain_text","text":"Address"},"element":{"type":"plain_text_input","action_id":"ip"}},
	{"type":"input","block_id":"why","dispatch_action":true,"label":{"type":"plain_text","text":"Why?"},"element":{"type":"plain_text_input","action_id":"why","dispatch_action_config":{"trigger_actions_on":["on_character_entered","on_enter_pressed"]}}}],
	"state":{"values":{"p":{"p":{"type":"multi_external_select","selected_options":[{"text":{"type":"plain_text","text":"<Shop> & co"},"value":"p1"},{"text":{"type":"plain_text","text":"Till"},"value":"p/2"}]}},
	"q":{"q":{"type":"external_select","selected_option":null}}}}}`

func TestModalWithDispatchedInputs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.slack.screen.Modal = &slack.Modal{ViewID: "V1", View: json.RawMessage(live)}
	golden(t, "modal_live.html", between(t, s.get(t, "/?as=U0ALICE"), `<div id="modals">`, `<div id="toasts"`))
}

func TestLoadedOptionsAreShown(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.slack.suggestions = slack.LoadedOptions{Options: []slack.Option{
		{Text: "<Shop>", Value: "p\"1"}, {Text: "Till", Value: "p2", Group: "EU & UK"}, {Text: "Desk", Value: "p3", Group: "EU & UK"},
	}}
	w := s.post("/page/load-options?block=p&action=q", "as=U0ALICE&typed=+sho&menu=m")
	require.Equal(t, http.StatusOK, w.Code)
	golden(t, "menu.html", w.Body.String())
	require.Equal(t, []string{`suggest U0ALICE p q " sho"`}, s.slack.acts())

	s.slack.suggestions = slack.LoadedOptions{Nothing: "No results found"}
	require.Equal(t, `<p class="nothing">No results found</p>`, s.post("/page/load-options?block=p&action=q", "as=U0ALICE&typed=x&menu=m").Body.String())
}

func TestLoadOptionsErrors(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/page/load-options?block=p&action=p", "as=U0GONE&typed=sho").Code)
	require.Empty(t, s.slack.acts())
	s.slack.refuse = errors.New("the modal is gone")
	w := s.post("/page/load-options?block=p&action=p", "as=U0ALICE&typed=sho")
	require.Equal(t, "the modal is gone\n", w.Body.String())
}

// The modal may have changed since the browser drew it.
func TestMissingFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.slack.screen.Modal = &slack.Modal{ViewID: "V1", View: json.RawMessage(live), Values: map[string]map[string]slack.Value{"why": {"why": nil}}}
	require.Equal(t, http.StatusNoContent, s.post("/page/fill?as=U0ALICE", "field/why/why=a&field/why/old=b&field/gone/gone=c").Code)
	require.Equal(t, http.StatusNoContent, s.post("/page/submit?as=U0ALICE", "field/why/why=a&field/gone/gone=c").Code)
	require.Equal(t, []string{"fill U0ALICE map[why:map[why:[a]]]", "submit U0ALICE map[why:map[why:[a]]]"}, s.slack.acts())
}

func TestPeopleAdministration(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	html := s.get(t, "/?as=U0ALICE")
	require.Contains(t, between(t, html, `id="staff-U0BOB"`, "</li>"), "<small>@atlas-approvers</small>")
	gone := between(t, html, `id="staff-U0GONE"`, "</li>")
	require.Contains(t, gone, "<small>deactivated</small>")
	require.Contains(t, gone, "Reactivate")
	require.NotContains(t, gone, "Deactivate")
}
