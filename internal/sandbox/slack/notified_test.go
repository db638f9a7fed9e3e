package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

func TestNotified(t *testing.T) {
	t.Parallel()
	group := "<!subteam^" + slack.Approvers + ">"
	for name, c := range map[string]struct {
		message obj
		want    []string
	}{
		"a channel without a mention":       {obj{"text": "a request"}, nil},
		"a person":                          {obj{"text": "<@U0BOB>"}, []string{slack.Bob}},
		"a person who is not in the room":   {obj{"text": "<@U0CAROL>"}, nil},
		"a group, and one of them again":    {obj{"text": group + " <@U0BOB>"}, []string{slack.Bob, slack.Dana}},
		"here, without those who are away":  {obj{"text": "<!here>"}, []string{slack.Alice, slack.Bob}},
		"channel":                           {obj{"text": "<!channel>"}, []string{slack.Alice, slack.Bob, slack.Dana}},
		"beside blocks, where none is":      {obj{"text": group, "blocks": []any{section("a request")}}, nil},
		"in blocks":                         {obj{"text": "x", "blocks": []any{section(group)}}, []string{slack.Bob, slack.Dana}},
		"a direct message without mentions": {obj{"channel": slack.Carol, "text": "yours"}, []string{slack.Carol}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{MayCallCrowds: true})
			d.Away(slack.Dana)
			reader, room := slack.Bob, slack.Approvals
			if c.message["channel"] == slack.Carol {
				reader, room = slack.Carol, slack.AppDM(slack.Carol)
			} else {
				c.message["channel"] = slack.Approvals
			}
			d.ok("chat.postMessage", c.message)
			require.Equal(t, c.want, d.seen(reader, room).Messages[0].Notified)
		})
	}
}

func TestThreadNotifiesOnlyThoseMentioned(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{MayCallCrowds: true})
	ts := d.card("approve")
	for _, said := range []string{"no one", "<!here>", "<!subteam^" + slack.Approvers + ">"} {
		d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": said, "thread_ts": ts})
	}
	all := d.seen(slack.Bob, slack.Approvals).Messages
	require.Empty(t, all[1].Notified)
	require.Empty(t, all[2].Notified)
	require.Equal(t, []string{slack.Bob, slack.Dana}, all[3].Notified)
}

func TestEditNotifiesNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ts := d.card("approve")
	d.ok("chat.update", obj{"channel": slack.Approvals, "ts": ts, "text": "<@U0BOB>"})
	m := d.seen(slack.Bob, slack.Approvals).Messages[0]
	require.Equal(t, []string{slack.Bob}, m.Mentions.People)
	require.Empty(t, m.Notified)
}

func TestEphemeralNotifiesActiveClient(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	note := obj{"channel": slack.Approvals, "user": slack.Bob, "text": "for you"}
	d.Away(slack.Bob)
	d.ok("chat.postEphemeral", note)
	d.Active(slack.Bob)
	require.Empty(t, d.seen(slack.Bob, slack.Approvals).Messages)
	d.ok("chat.postEphemeral", note)
	require.Equal(t, []string{slack.Bob}, d.seen(slack.Bob, slack.Approvals).Messages[0].Notified)
}
