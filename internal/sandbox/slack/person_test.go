package slack_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

func TestScreensDiffer(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	d.card("approve")
	rooms := func(user string) []string {
		var ids []string
		for _, c := range d.Screen(user).Conversations {
			ids = append(ids, c.ID)
		}
		return ids
	}
	require.Equal(t, []string{slack.Approvals, slack.General, slack.AliceCarol}, rooms(slack.Alice))
	require.Equal(t, []string{slack.General, slack.AliceCarol}, rooms(slack.Carol))
	require.Equal(t, []string{slack.General}, rooms(slack.Gil))
	require.Empty(t, rooms(slack.Eve))
	require.Empty(t, rooms(slack.Dee))
	require.Equal(t, slack.Screen{}, d.Screen("U0NOBODY"))
	require.Equal(t, "Alice Ames", d.seen(slack.Carol, slack.AliceCarol).Name)
	require.Len(t, d.People(), 7)

	d.ShareChannel(slack.Approvals, true)
	require.Equal(t, []string{slack.Approvals}, rooms(slack.Eve))
	d.ShareChannel(slack.Approvals, false)
	require.Empty(t, rooms(slack.Eve))
	d.Deactivate(slack.Bob)
	require.Empty(t, rooms(slack.Bob))
	require.True(t, d.Screen(slack.Bob).Me.Deleted)
}

func TestRefusedPersonActions(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	d.connect(plainly)
	d.ShareChannel(slack.Approvals, true)
	ts := d.card("approve")
	d.Away(slack.Dana)
	ctx := t.Context()
	command := func(user, conversation string) error { return d.Command(ctx, user, conversation, "/atlas-key", "") }
	for name, err := range map[string]error{
		"an unknown user":                        command("U0NOBODY", slack.General),
		"the deactivated command":                command(slack.Dee, slack.General),
		"the absent command":                     command(slack.Dana, slack.General),
		"outsiders command":                      command(slack.Eve, slack.Approvals),
		"people command where they are not":      command(slack.Carol, slack.Approvals),
		"people type in the read-only tab":       command(slack.Alice, slack.AppDM(slack.Alice)),
		"people talk in the read-only tab":       d.Say(slack.Alice, slack.AppDM(slack.Alice), "hello"),
		"people press what they do not see":      d.Click(ctx, slack.Carol, slack.Approvals, ts, "approve"),
		"people press what is not there":         d.Click(ctx, slack.Bob, slack.Approvals, ts, "deny"),
		"people press a button of other value":   d.Click(ctx, slack.Bob, slack.Approvals, ts, "approve", "req-2"),
		"people press a message that is gone":    d.Click(ctx, slack.Bob, slack.Approvals, "1.1", "approve"),
		"people look where they are not":         d.View(slack.Carol, slack.Approvals),
		"people press in a modal that is not":    d.ClickInModal(ctx, slack.Bob, "x"),
		"people press in a Home that is not":     d.ClickInHome(ctx, slack.Bob, "x"),
		"outsiders open Home":                    d.OpenHome(ctx, slack.Eve),
		"an old message without buttons pressed": d.ClickStale(ctx, slack.Bob, slack.Approvals, slack.Message{TS: "1.1"}, "x"),
	} {
		require.ErrorIs(t, err, slack.ErrCannot, name)
	}
	d.Archive(slack.General, true)
	require.ErrorIs(t, command(slack.Alice, slack.General), slack.ErrCannot)
	d.HomeTab(false)
	require.ErrorIs(t, d.OpenHome(ctx, slack.Alice), slack.ErrCannot)
}

func TestOutsidersAndGuestsCanClick(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	ts := d.card("approve")
	d.ShareChannel(slack.Approvals, true)
	require.NoError(t, d.Click(t.Context(), slack.Eve, slack.Approvals, ts, "approve"))
	click := a.nextPayload()
	require.Equal(t, slack.OtherTeam, click["user"].(obj)["team_id"])
	require.Equal(t, slack.TeamID, click["team"].(obj)["id"])
	d.Join(slack.Gil, slack.Approvals)
	require.NoError(t, d.Click(t.Context(), slack.Gil, slack.Approvals, ts, "approve"))
	require.Equal(t, slack.Gil, a.nextPayload()["user"].(obj)["id"])
}

func TestForgedClicks(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	ts := d.card("approve")
	ctx := t.Context()

	require.NoError(t, d.ForgeClick(ctx, slack.Forgery{User: slack.Dee, TS: ts, ActionID: "approve", Value: "req-9"}))
	got := a.nextPayload()
	require.Equal(t, slack.Dee, got["user"].(obj)["id"])
	require.Equal(t, "req-9", got["actions"].([]any)[0].(obj)["value"])
	require.Equal(t, "b", got["actions"].([]any)[0].(obj)["block_id"], "the rest is the real button")

	require.NoError(t, d.ForgeClick(ctx, slack.Forgery{User: "U0NOBODY", Conversation: "C0NOWHERE", ActionID: "explode"}))
	got = a.nextPayload()
	require.Equal(t, "C0NOWHERE", got["channel"].(obj)["id"])
	require.Equal(t, "explode", got["actions"].([]any)[0].(obj)["action_id"])
	require.Equal(t, "forged", got["actions"].([]any)[0].(obj)["block_id"])
	d.post(got["response_url"].(string), obj{"text": "no"})
	require.Len(t, d.Lost(), 1, "its recipient is away")

	require.NoError(t, d.ForgeClick(ctx, slack.Forgery{Payload: []byte(`{"type":"block_actions"}`)}))
	require.Equal(t, obj{"type": "block_actions"}, a.nextPayload())
}

func TestCommandAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  any
		private []string // what Alice sees
		public  []string // what Carol sees
		notice  string
	}{
		"nothing":        {nil, nil, nil, ""},
		"an empty one":   {obj{}, nil, nil, ""},
		"a message":      {obj{"text": "hello"}, []string{"hello"}, nil, ""},
		"for everybody":  {obj{"text": "hello", "response_type": "in_channel"}, []string{"hello"}, []string{"hello"}, ""},
		"blocks too bad": {obj{"text": "x", "blocks": []any{section("")}}, nil, nil, `/atlas-key failed with the error "invalid_blocks"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, slack.Options{})
			d.connect(with(c.answer))
			require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
			require.Equal(t, c.private, d.texts(slack.Alice, slack.General))
			require.Equal(t, c.public, d.texts(slack.Carol, slack.General))
			if c.notice != "" {
				require.Equal(t, c.notice, d.Screen(slack.Alice).Notices[0].Text)
			}
		})
	}
}

func (d *desk) texts(user, conversation string) []string {
	var all []string
	for _, m := range d.seen(user, conversation).Messages {
		all = append(all, m.Text)
	}
	return all
}

func TestUnread(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	d.card("a")
	d.card("a")
	require.Equal(t, 2, d.seen(slack.Bob, slack.Approvals).Unread)
	require.NoError(t, d.View(slack.Bob, slack.Approvals))
	require.Zero(t, d.seen(slack.Bob, slack.Approvals).Unread)
	require.NoError(t, d.View(slack.Bob, slack.General))
	d.card("a")
	require.Equal(t, 1, d.seen(slack.Bob, slack.Approvals).Unread)
	require.NoError(t, d.Say(slack.Bob, slack.Approvals, "mine"))
	require.Equal(t, 1, d.seen(slack.Bob, slack.Approvals).Unread)
}

func TestWaitSeesChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	go func() { _ = d.Say(slack.Alice, slack.Approvals, "now") }()
	screen, err := d.Wait(t.Context(), slack.Bob, func(s slack.Screen) bool { return len(s.Conversations[0].Messages) == 1 })
	require.NoError(t, err)
	require.Equal(t, "now", screen.Conversations[0].Messages[0].Text)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	screen, err = d.Wait(ctx, slack.Bob, func(slack.Screen) bool { return false })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, slack.Bob, screen.Me.ID, "the screen as it was in the end")
}

func TestSelectsAndMenusInMessages(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	two := actions(
		obj{"type": "button", "action_id": "same", "value": "one", "text": plain("1")},
		staticSelect(nil),
		obj{"type": "overflow", "action_id": "more", "options": []any{opt("edit"), opt("revoke")}},
	)
	three := actions(obj{"type": "button", "action_id": "same", "value": "two", "text": plain("2")})
	ts := d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": "x", "blocks": []any{two, three}}).obj["ts"].(string)
	use := func(action string, value ...string) obj {
		require.NoError(t, d.Click(t.Context(), slack.Bob, slack.Approvals, ts, action, value...))
		return a.nextPayload()["actions"].([]any)[0].(obj)
	}
	require.Equal(t, "one", use("same")["value"])
	require.Equal(t, "two", use("same", "two")["value"])
	require.Equal(t, "b", use("s", "b")["selected_option"].(obj)["value"])
	require.Equal(t, "revoke", use("more", "revoke")["selected_option"].(obj)["value"])
	require.ErrorIs(t, d.Click(t.Context(), slack.Bob, slack.Approvals, ts, "more"), slack.ErrCannot, "an overflow menu needs a choice")
}
