package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	rich := func(pieces ...any) []any {
		return []any{obj{"type": "rich_text", "elements": []any{obj{"type": "rich_text_section", "elements": pieces}}}}
	}
	for name, c := range map[string]struct {
		message obj
		want    slack.Mentions
	}{
		"none":                     {obj{"text": "a request"}, slack.Mentions{}},
		"a here mention":           {obj{"text": "<!here> look"}, slack.Mentions{Crowds: []string{"here"}}},
		"a crowd with a label":     {obj{"text": "<!channel|@channel>"}, slack.Mentions{Crowds: []string{"channel"}}},
		"a group, twice":           {obj{"text": "<!subteam^S0APPROVERS> and <!subteam^S0APPROVERS|@x>"}, slack.Mentions{Groups: []string{slack.Approvers}}},
		"people, in order":         {obj{"text": "<@U0DANA> asks <@U0BOB|bob>"}, slack.Mentions{People: []string{slack.Bob, slack.Dana}}},
		"in a section":             {obj{"text": "x", "blocks": []any{section("<!subteam^S0FINANCE>")}}, slack.Mentions{Groups: []string{"S0FINANCE"}}},
		"in text and blocks":       {obj{"text": "<!here>", "blocks": []any{section("<@U0BOB>")}}, slack.Mentions{Crowds: []string{"here"}, People: []string{slack.Bob}}},
		"written out, made live":   {obj{"text": "x", "blocks": []any{section("@here")}}, slack.Mentions{Crowds: []string{"here"}}},
		"written out, left alone":  {obj{"text": "x", "blocks": []any{obj{"type": "section", "text": obj{"type": "mrkdwn", "text": "@here", "verbatim": true}}}}, slack.Mentions{}},
		"escaped":                  {obj{"text": "&lt;!here&gt;"}, slack.Mentions{}},
		"plain text":               {obj{"text": "x", "blocks": []any{obj{"type": "section", "text": plain("<!here>")}}}, slack.Mentions{}},
		"rich text":                {obj{"text": "x", "blocks": rich(obj{"type": "broadcast", "range": "here"}, obj{"type": "usergroup", "usergroup_id": slack.Approvers}, obj{"type": "user", "user_id": slack.Bob})}, slack.Mentions{Crowds: []string{"here"}, Groups: []string{slack.Approvers}, People: []string{slack.Bob}}},
		"rich text that only says": {obj{"text": "x", "blocks": rich(obj{"type": "text", "text": "<!here> @here"})}, slack.Mentions{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			c.message["channel"] = slack.Approvals
			d.ok("chat.postMessage", c.message)
			require.Equal(t, c.want, d.seen(slack.Bob, slack.Approvals).Messages[0].Mentions)
		})
	}
}

func TestMayCallCrowds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{MayCallCrowds: true})
	quiet := obj{"channel": slack.Approvals, "text": "<!here> look", "unfurl_links": "false", "unfurl_media": "false"}
	d.ok("chat.postMessage", quiet)
	require.Empty(t, d.Findings())
	require.NoError(t, d.Say(slack.Alice, slack.Approvals, "x"))

	d.connect(plainly)
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", "<!here>"))
	d.ok("chat.postMessage", quiet)
	require.Equal(t, []string{slack.FoundMention}, d.kinds(), "but not to repeat a typed one")
}

func TestRepliesHaveThreadTS(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ts := d.card("approve")
	d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "one", "thread_ts": ts})
	d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "two", "thread_ts": ts})
	var under []string
	for _, m := range d.seen(slack.Bob, slack.Approvals).Messages {
		if m.ThreadTS == ts && m.TS != ts {
			under = append(under, m.Text)
		}
	}
	require.Equal(t, []string{"one", "two"}, under)
}
