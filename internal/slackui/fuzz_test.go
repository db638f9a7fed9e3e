package slackui

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/slackui/view"
)

// FuzzInteraction: whatever Slack sends is read or refused, and what is read
// can be worked with.
func FuzzInteraction(f *testing.F) {
	for _, name := range []string{"block_actions.message.json", "block_actions.ephemeral.json", "block_actions.view.confirm.json",
		"block_actions.org_wide_install.ephemeral.json", "view_submission.json", "view_closed.json"} {
		f.Add(sample(f, name))
	}
	f.Add([]byte(`{"user":{"id":"U1"},"view":{"state":{"values":{"lifetime":{"lifetime":{"selected_option":null}}}}}}`))
	for _, body := range newPayloads {
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"transfer","block_id":"owner_deactivated.1.channel:AKR-7F3K2","selected_user":"U2"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		i, err := payload.DecodeInteraction(body)
		if err != nil {
			return
		}
		require.NotEmpty(t, i.Who().User)
		_, _ = testPolicy.Check(view.ReadForm(i.View).Form)
		moved := view.SwitchOrg(i.View)
		require.True(t, moved.Org == view.ReadForm(i.View).Org || len(moved.Roles)+len(moved.Projects)+len(moved.ProjectRoles)+len(moved.NetworkPresets) == 0)
		for _, id := range view.InputsOf(i.View) {
			require.Contains(t, i.View.State.Values, id)
		}
		view.IsApprovedAs(request(), i.Who().User, view.PartialApproval(i.View))
		view.AccessListChange(i.View)
		view.Extension(i.View)
		require.LessOrEqual(t, len([]rune(view.ReasonGiven(i.View))), 500)
		requestOf(i.View)
		if a, ok := decodeAction(i); ok {
			require.True(t, a.id != "" || a.event == "")
		}
	})
}

// FuzzCommand does the same for both shapes of a command.
func FuzzCommand(f *testing.F) {
	f.Add(string(sample(f, "slash_command.http.form.txt")))
	f.Add(string(payloadOf(f, "socket.slash_commands.json")))
	f.Fuzz(func(t *testing.T, body string) {
		if form, err := url.ParseQuery(body); err == nil {
			if c, err := payload.CommandFromForm(form); err == nil {
				require.NotEmpty(t, c.Who.User)
			}
		}
		if c, err := payload.CommandFromJSON([]byte(body)); err == nil {
			require.NotEmpty(t, c.Who.User)
		}
	})
}

// FuzzSignature: nothing but the right signature passes, and nothing panics.
func FuzzSignature(f *testing.F) {
	f.Add("1531420618", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", []byte("payload=x"))
	f.Add("", "v0=", []byte{})
	f.Add("-9223372036854775808", "v1=00", []byte{0xff})
	f.Fuzz(func(t *testing.T, timestamp, signature string, body []byte) {
		require.Error(t, transport.Verify(secret.New("no user knows this"), timestamp, signature, body, time.Unix(1531420618, 0)))
	})
}

// FuzzTextf: nothing that is typed can begin a mention or a link.
func FuzzTextf(f *testing.F) {
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, typed string) {
		said := string(mrkdwn.Textf("%s", typed))
		require.NotContains(t, said, "<")
		require.NotContains(t, said, ">")
	})
}
