package page_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/slack"
)

// update writes the golden files anew; read the diff.
var update = os.Getenv("UPDATE") != ""

// golden compares html with a file of testdata, blank lines and indents aside.
func golden(t *testing.T, name, html string) {
	t.Helper()
	html = regexp.MustCompile(`\s*\n\s*`).ReplaceAllString(html, "\n")
	html = regexp.MustCompile(`>\s*<`).ReplaceAllString(html, ">\n<") + "\n"
	path := filepath.Join("testdata", name)
	if update {
		require.NoError(t, os.WriteFile(path, []byte(html), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), html)
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"header":    `{"type":"header","block_id":"h","text":{"type":"plain_text","text":"Request <1> :key:"}}`,
		"divider":   `{"type":"divider","block_id":"d"}`,
		"context":   `{"type":"context","block_id":"c","elements":[{"type":"mrkdwn","text":"_by_ <@U0ALICE>"},{"type":"plain_text","text":"*plain*"},{"type":"image","image_url":"https://x.test/p.png","alt_text":"a \"picture\""}]}`,
		"image":     `{"type":"image","block_id":"i","image_url":"https://x.test/p.png","alt_text":"a graph","title":{"type":"plain_text","text":"Uses"}}`,
		"rich_text": `{"type":"rich_text","block_id":"r","elements":[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"KEY=a\nSECRET=b"}]}]}`,
		"unknown":   `{"type":"carousel","block_id":"u"}`,
		"section": `{"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"*Who* <@U0ALICE>"},
			"fields":[{"type":"mrkdwn","text":"*From*\n203.0.113.7"},{"type":"plain_text","text":"*For* 4h"}],
			"accessory":{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"Revoke"},"value":"r&v"}]}}`,
		"actions": `{"type":"actions","block_id":"a","elements":[
			{"type":"button","action_id":"card.approve","value":"AKR-1","text":{"type":"plain_text","text":"Approve"},"style":"primary",
			 "confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"mrkdwn","text":"For *4h*"},"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"},"style":"danger"}},
			{"type":"button","action_id":"card.deny","text":{"type":"plain_text","text":"Deny"},"style":"danger","accessibility_label":"Deny the request"},
			{"type":"static_select","action_id":"pick","placeholder":{"type":"plain_text","text":"Pick"},"options":[{"text":{"type":"plain_text","text":"One"},"value":"1"},{"text":{"type":"plain_text","text":"Two"},"value":"2"}],"initial_option":{"text":{"type":"plain_text","text":"Two"},"value":"2"}},
			{"type":"external_select","action_id":"far"}]}`,
	}
	for kind, block := range tests {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.says("[" + block + "]")
			html := s.get(t, "/?as=U0ALICE&in=C0APPROVALS")
			golden(t, "block_"+kind+".html", between(t, html, `<ol class="log" id="log" data-of="C0APPROVALS" role="log" aria-live="polite" aria-relevant="additions">`, `<footer class="typing">`))
		})
	}
}

const form = `{"type":"modal","title":{"type":"plain_text","text":"Ask for a key"},"submit":{"type":"plain_text","text":"Send"},"close":{"type":"plain_text","text":"Cancel"},"blocks":[
	{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Why?"},"hint":{"type":"plain_text","text":"Approvers read this."},"element":{"type":"plain_text_input","action_id":"why","multiline":true,"initial_value":"before"}},
	{"type":"input","block_id":"what","optional":true,"label":{"type":"plain_text","text":"What?"},"element":{"type":"plain_text_input","action_id":"what","initial_value":"untouched"}},
	{"type":"input","block_id":"role s","label":{"type":"plain_text","text":"Roles"},"element":{"type":"multi_static_select","action_id":"roles","options":[
		{"text":{"type":"plain_text","text":":warning: Owner"},"value":"owner","description":{"type":"plain_text","text":"May do anything."}},{"text":{"type":"plain_text","text":"Reader"},"value":"reader"}]}},
	{"type":"input","block_id":"long","label":{"type":"plain_text","text":"For how long?"},"element":{"type":"static_select","action_id":"long","focus_on_load":true,"options":[{"text":{"type":"plain_text","text":"8 hours"},"value":"8h"}]}}]}`

func TestModalKeepsValuesAndShowsErrors(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.slack.screen.Modal = &slack.Modal{
		ViewID: "V1", View: json.RawMessage(form), Trouble: "We had some trouble connecting. Try again?",
		Errors: map[string]string{"why": "Say <why>.", "role s": "Choose one."},
		Values: map[string]map[string]slack.Value{"why": {"why": slack.Text("because\nof <that>")}, "role s": {"roles": slack.Pick("reader")}},
	}
	golden(t, "modal.html", between(t, s.get(t, "/?as=U0ALICE"), `<div id="modals">`, `<div id="toasts"`))
}

func TestRepliesFollowParent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s.slack.screen.Conversations = []slack.Conversation{{ID: "D1", Name: "x", Kind: slack.KindApp, Messages: []slack.Message{
		{TS: "1.1", Author: slack.BotUser, Bot: true, Text: "parent", At: at, ThreadTS: "1.1", Edited: true},
		{TS: "1.2", Author: slack.BotUser, Bot: true, Text: "reply", At: at, ThreadTS: "1.1"},
		{TS: "1.3", Author: slack.Bob, Text: "orphan", At: at, ThreadTS: "0.9"},
		{TS: "1.4", Author: slack.BotUser, Bot: true, Text: "psst", At: at, Ephemeral: true},
	}}}
	golden(t, "thread.html", between(t, s.get(t, "/?as=U0ALICE&in=app"), `aria-relevant="additions">`, `<footer class="typing">`))
}

func TestHomeTab(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Contains(t, s.get(t, "/?as=U0ALICE&in=home"), "The app has not published a Home tab for Alice Ames.")

	s.slack.screen.Home = json.RawMessage(`{"type":"home","blocks":[{"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"*Keys*"},"accessory":{"type":"button","action_id":"more","text":{"type":"plain_text","text":"More"}}}]}`)
	html := s.get(t, "/?as=U0ALICE&in=home")
	require.Contains(t, html, "<p><strong>Keys</strong></p>")
	require.Contains(t, html, `data-url="/page/click-in-home?as=U0ALICE&amp;action=more"`)
}

func TestEachTabHasItsPerson(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Contains(t, s.get(t, "/?as=U0BOB"), `<body data-as="U0BOB"`)
	require.Contains(t, s.get(t, "/?as=U0BOB&in=C9"), `href="/?as=U0ALICE&amp;in=C9"`, "the others are one click away, in the same place")
	for _, unknown := range []string{"/", "/?as=U0NOBODY", "/?as=U0GONE"} {
		require.Contains(t, s.get(t, unknown), `<body data-as="U0ALICE"`, unknown)
	}
}

func TestNoticesDisappear(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.slack.screen.Notices = []slack.Notice{{At: s.clock.Now(), Text: "/atlas-key failed <b>"}}
	require.Contains(t, s.get(t, "/"), "/atlas-key failed &lt;b&gt;")
	s.clock.Advance(6 * time.Minute)
	require.NotContains(t, s.get(t, "/"), "/atlas-key failed")
}

func TestPageReportsLostEphemerals(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Contains(t, s.get(t, "/?as=U0ALICE"), "Private messages never seen: reload</p>")
	require.Contains(t, s.get(t, "/?as=U0BOB"), "Private messages never seen: away, &lt;b&gt;</p>")
}

func TestOrganizationIsShown(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.Contains(t, s.get(t, "/"), "No keys yet.")

	made, err := s.atlas.AddKey(atlas.KeyInput{Desc: "by <hand>", Roles: []string{"ORG_READ_ONLY"}, AccessList: []string{"203.0.113.7"}})
	require.NoError(t, err)
	s.atlas.Use(made.PublicKey, made.PrivateKey, "203.0.113.7")
	s.clock.Advance(26 * time.Hour)

	html := s.get(t, "/")
	key := between(t, html, `id="key-`+made.ID+`"`, `</ul>`)
	for _, want := range []string{made.PublicKey, "by &lt;hand&gt;", "Org read only", "203.0.113.7", "used 1 time, last from 203.0.113.7", "<small>1 d</small>"} {
		require.Contains(t, key, want)
	}
	require.NotContains(t, html, made.PrivateKey)
	require.Contains(t, html, "<b>created</b> <code>"+made.PublicKey+"</code>")
	require.Contains(t, html, "by ui-user@example.com · 1 d")

	require.NoError(t, s.atlas.DeleteKey(made.ID))
	require.NotContains(t, s.get(t, "/"), `id="key-`+made.ID+`"`)
}
