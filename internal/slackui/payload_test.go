package slackui

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/transport"
	"atlaskeybot/internal/slackui/view"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "payloads", name))
	require.NoError(t, err)
	return b
}

// payloadOf is the payload inside a Socket Mode envelope.
func payloadOf(t testing.TB, name string) []byte {
	t.Helper()
	var envelope struct{ Payload json.RawMessage }
	require.NoError(t, json.Unmarshal(sample(t, name), &envelope))
	return envelope.Payload
}

func TestDecodeAction(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		payload   []byte
		who       policy.Actor
		action    string
		value     string
		ts        string
		ephemeral bool
	}{
		"in a message":               {sample(t, "block_actions.message.json"), policy.Actor{User: "U111", Team: "T111"}, "a", "underlying", "1605853634.000400", false},
		"in an envelope":             {payloadOf(t, "socket.interactive.block_actions.message.json"), policy.Actor{User: "U111", Team: "T111"}, "a", "underlying", "1605853634.000400", false},
		"in an ephemeral message":    {sample(t, "block_actions.ephemeral.json"), policy.Actor{User: "U111", Team: "T111"}, "save", "1", "1606455372.001200", true},
		"in an Enterprise workspace": {sample(t, "block_actions.ephemeral.grid.json"), policy.Actor{User: "W111", Team: "T111", Enterprise: "E111"}, "a", "click_me_123", "111.222", true},
		"installed for a whole organization": {sample(t, "block_actions.org_wide_install.ephemeral.json"),
			policy.Actor{User: "W111", Team: "T_expected", Enterprise: "E111"}, "a", "click_me_123", "1643113871.000700", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, err := payload.DecodeInteraction(want.payload)
			require.NoError(t, err)
			assert.Equal(t, "block_actions", i.Type)
			assert.Equal(t, want.who, i.Who())
			require.Len(t, i.Actions, 1)
			assert.Equal(t, want.action, i.Actions[0].ActionID)
			assert.Equal(t, want.value, i.Actions[0].Value)
			assert.Equal(t, want.ts, i.Container.MessageTS)
			assert.Equal(t, want.ephemeral, i.Container.IsEphemeral)
			assert.NotEmpty(t, i.TriggerID)
			assert.NotEmpty(t, i.ResponseURL)
		})
	}
}

// TestDecodeActionOfExternalUser: the payload's team is ours, the person's is not.
func TestDecodeActionOfExternalUser(t *testing.T) {
	t.Parallel()
	i, err := payload.DecodeInteraction(sample(t, "block_actions.slack_connect_external_user.fragment.json"))
	require.NoError(t, err)
	require.Equal(t, policy.Actor{User: "U03TBQ3FJ91", Team: "T03U1JC8EN4"}, i.Who())
}

func TestDecodeSubmission(t *testing.T) {
	t.Parallel()
	i, err := payload.DecodeInteraction(sample(t, "view_submission.json"))
	require.NoError(t, err)
	require.Equal(t, "view_submission", i.Type)
	require.Equal(t, "V111", i.View.ID)
	require.Equal(t, "view-id", i.View.CallbackID)
	require.Equal(t, "This is for you!", i.View.Metadata)
	require.Equal(t, "test", *i.View.State.Values["hspI"]["maBWU"].Value)
	require.Equal(t, policy.Form{IdempotencyKey: "V111"}, view.ReadForm(i.View).Form, "a form of another user holds nothing of ours")
}

func TestDecodeForm(t *testing.T) {
	t.Parallel()
	i, err := payload.DecodeInteraction([]byte(`{"type":"view_submission","user":{"id":"U1","team_id":"T1"},"view":{"id":"V1","callback_id":"form","state":{"values":{
		"description":{"description":{"type":"plain_text_input","value":"invoices"}},
		"roles":{"roles":{"type":"multi_static_select","selected_options":[{"value":"ORG_MEMBER"},{"value":"ORG_READ_ONLY"}]}},
		"networks":{"networks":{"type":"plain_text_input","value":"203.0.113.7"}},
		"lifetime":{"lifetime":{"type":"static_select","selected_option":{"value":"8h0m0s"}}},
		"reason":{"reason":{"type":"plain_text_input","value":null}}}}}}`))
	require.NoError(t, err)
	require.Equal(t, policy.Form{
		IdempotencyKey: "V1", Description: "invoices", Roles: []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY"},
		Networks: "203.0.113.7", Lifetime: 8 * time.Hour,
	}, view.ReadForm(i.View).Form)
}

// TestDecodeOptionsRequest has the fields that Slack documents for
// block_suggestion: there is no trigger and no state to rely on.
func TestDecodeOptionsRequest(t *testing.T) {
	t.Parallel()
	i, err := payload.DecodeInteraction([]byte(`{"type":"block_suggestion","user":{"id":"W1","username":"a","name":"a","team_id":"T1"},"container":{"type":"view","view_id":"V1"},
		"api_app_id":"A1","token":"x","action_id":"projects.1","block_id":"projects.1","value":"pay","team":{"id":"T1","domain":"d","enterprise_id":"E1","enterprise_name":"n"},
		"view":{"id":"V1","team_id":"T1","type":"modal","private_metadata":"org=o1&index=1","callback_id":"form","state":{"values":{}},"hash":"1.x","previous_view_id":null}}`))
	require.NoError(t, err)
	require.Equal(t, policy.Actor{User: "W1", Team: "T1", Enterprise: "E1"}, i.Who())
	require.Equal(t, []string{"projects.1", "pay"}, []string{i.ActionID, i.Value})
	require.Equal(t, view.FormMetadata{Org: "o1", OrgIndex: 1}, view.ParseFormMetadata(i.View.Metadata))
	require.Equal(t, view.InputID(policy.FieldProjects, view.ParseFormMetadata(i.View.Metadata).OrgIndex), i.ActionID)
	require.Equal(t, "index=1&org=o1", view.FormMetadata{Org: "o1", OrgIndex: 1}.Encode())
	for _, unreadable := range []string{"", "%zz", "index=-3", "index=x", "AKR-7F3K2"} {
		require.Equal(t, view.FormMetadata{}, view.ParseFormMetadata(unreadable), unreadable)
	}
}

// TestRequestAgainKeepsForm: what is filled in from a request is read back
// as what was asked.
func TestRequestAgainKeepsForm(t *testing.T) {
	t.Parallel()
	r := request()
	f := view.FormToRequestAgain(testPolicy, r)
	access, err := testPolicy.Check(f.Form)
	require.NoError(t, err)
	require.Equal(t, r.Access, access)
	require.Equal(t, r.Reason, f.Reason)
}

func TestDecodeCommand(t *testing.T) {
	t.Parallel()
	form, err := url.ParseQuery(strings.TrimSpace(string(sample(t, "slash_command.http.form.txt"))))
	require.NoError(t, err)
	c, err := payload.CommandFromForm(form)
	require.NoError(t, err)
	require.Equal(t, payload.Command{
		Who: policy.Actor{User: "W111", Team: "T111", Enterprise: "E111"}, Text: "Hi", Trigger: "111.111.xxx",
		ResponseURL: "https://hooks.slack.com/commands/T111/111/xxxxx",
	}, c)
	for _, name := range []string{"socket.slash_commands.json", "socket.slash_commands.empty_text.json"} {
		c, err = payload.CommandFromJSON(payloadOf(t, name))
		require.NoError(t, err)
		require.NotEmpty(t, c.Who.User)
		require.NotEmpty(t, c.Trigger)
		require.NotEmpty(t, c.ResponseURL)
		require.Empty(t, c.Text)
	}
}

func TestUnreadablePayloadsAreNotQuoted(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"", "null", "[]", `"x"`, `{"user":7}`, `{"type":"block_actions"}`, `{"user":{"id":"U1"},"actions":"hush"}`, "{"} {
		_, err := payload.DecodeInteraction([]byte(broken))
		require.Error(t, err, broken)
		require.NotContains(t, err.Error(), "hush")
		_, err = payload.CommandFromJSON([]byte(broken))
		require.Error(t, err, broken)
	}
}

// TestSignatureOfSlacksExample is the vector of Slack's documentation.
func TestSignatureOfSlacksExample(t *testing.T) {
	t.Parallel()
	var v struct {
		Secret    string `json:"signing_secret"`
		Timestamp string `json:"x-slack-request-timestamp"`
		Body      string `json:"raw_body"`
		Signature string `json:"x-slack-signature"`
	}
	require.NoError(t, json.Unmarshal(sample(t, "request-signing.test-vector.json"), &v))
	at := time.Unix(1531420618, 0)
	key := secret.New(v.Secret)
	require.NoError(t, transport.Verify(key, v.Timestamp, v.Signature, []byte(v.Body), at))
	for name, err := range map[string]error{
		"one byte more":         transport.Verify(key, v.Timestamp, v.Signature, []byte(v.Body+" "), at),
		"another secret":        transport.Verify(secret.New("x"), v.Timestamp, v.Signature, []byte(v.Body), at),
		"no secret":             transport.Verify(secret.Secret{}, v.Timestamp, v.Signature, []byte(v.Body), at),
		"no signature":          transport.Verify(key, v.Timestamp, "", []byte(v.Body), at),
		"another timestamp":     transport.Verify(key, "1531420619", v.Signature, []byte(v.Body), at),
		"no timestamp":          transport.Verify(key, "", v.Signature, []byte(v.Body), at),
		"a huge timestamp":      transport.Verify(key, "9223372036854775807", v.Signature, []byte(v.Body), at),
		"the least timestamp":   transport.Verify(key, "-9223372036854775808", v.Signature, []byte(v.Body), at),
		"too old":               transport.Verify(key, v.Timestamp, v.Signature, []byte(v.Body), at.Add(301*time.Second)),
		"too far in the future": transport.Verify(key, v.Timestamp, v.Signature, []byte(v.Body), at.Add(-301*time.Second)),
	} {
		require.Error(t, err, name)
	}
	require.NoError(t, transport.Verify(key, v.Timestamp, v.Signature, []byte(v.Body), at.Add(300*time.Second)))
}
