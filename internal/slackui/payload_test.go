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

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/secret"
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

func TestPressesAsSlackSendsThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		payload   []byte
		who       approval.Actor
		action    string
		value     string
		ts        string
		ephemeral bool
	}{
		"in a message":               {sample(t, "block_actions.message.json"), approval.Actor{User: "U111", Team: "T111"}, "a", "underlying", "1605853634.000400", false},
		"in an envelope":             {payloadOf(t, "socket.interactive.block_actions.message.json"), approval.Actor{User: "U111", Team: "T111"}, "a", "underlying", "1605853634.000400", false},
		"in an ephemeral message":    {sample(t, "block_actions.ephemeral.json"), approval.Actor{User: "U111", Team: "T111"}, "save", "1", "1606455372.001200", true},
		"in an Enterprise workspace": {sample(t, "block_actions.ephemeral.grid.json"), approval.Actor{User: "W111", Team: "T111", Enterprise: "E111"}, "a", "click_me_123", "111.222", true},
		"installed for a whole organization": {sample(t, "block_actions.org_wide_install.ephemeral.json"),
			approval.Actor{User: "W111", Team: "T_expected", Enterprise: "E111"}, "a", "click_me_123", "1643113871.000700", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, err := decodeInteraction(want.payload)
			require.NoError(t, err)
			assert.Equal(t, "block_actions", i.Type)
			assert.Equal(t, want.who, i.who())
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

// TestAStrangerInASharedChannel: the payload's team is ours, the person's is not.
func TestAStrangerInASharedChannel(t *testing.T) {
	t.Parallel()
	i, err := decodeInteraction(sample(t, "block_actions.slack_connect_external_user.fragment.json"))
	require.NoError(t, err)
	require.Equal(t, approval.Actor{User: "U03TBQ3FJ91", Team: "T03U1JC8EN4"}, i.who())
}

func TestAModalAsSlackSendsIt(t *testing.T) {
	t.Parallel()
	i, err := decodeInteraction(sample(t, "view_submission.json"))
	require.NoError(t, err)
	require.Equal(t, "view_submission", i.Type)
	require.Equal(t, "V111", i.View.ID)
	require.Equal(t, "view-id", i.View.CallbackID)
	require.Equal(t, "This is for you!", i.View.Metadata)
	require.Equal(t, "test", *i.View.State.Values["hspI"]["maBWU"].Value)
	require.Equal(t, approval.Form{IdempotencyKey: "V111"}, filledIn(i.View).Form, "a form of somebody else holds nothing of ours")
}

func TestOurFormIsReadAsItWasFilledIn(t *testing.T) {
	t.Parallel()
	i, err := decodeInteraction([]byte(`{"type":"view_submission","user":{"id":"U1","team_id":"T1"},"view":{"id":"V1","callback_id":"form","state":{"values":{
		"form.description":{"form.description":{"type":"plain_text_input","value":"invoices"}},
		"form.roles":{"form.roles":{"type":"multi_static_select","selected_options":[{"value":"ORG_MEMBER"},{"value":"ORG_READ_ONLY"}]}},
		"form.networks":{"form.networks":{"type":"plain_text_input","value":"203.0.113.7"}},
		"form.lifetime":{"form.lifetime":{"type":"static_select","selected_option":{"value":"8h0m0s"}}},
		"form.reason":{"form.reason":{"type":"plain_text_input","value":null}}}}}}`))
	require.NoError(t, err)
	require.Equal(t, approval.Form{
		IdempotencyKey: "V1", Description: "invoices", Roles: []approval.Role{"ORG_MEMBER", "ORG_READ_ONLY"},
		Networks: "203.0.113.7", Lifetime: 8 * time.Hour,
	}, filledIn(i.View).Form)
}

// TestWhatIsTypedIntoAMenu has the fields that Slack documents for
// block_suggestion: there is no trigger and no state to rely on.
func TestWhatIsTypedIntoAMenu(t *testing.T) {
	t.Parallel()
	i, err := decodeInteraction([]byte(`{"type":"block_suggestion","user":{"id":"W1","username":"a","name":"a","team_id":"T1"},"container":{"type":"view","view_id":"V1"},
		"api_app_id":"A1","token":"x","action_id":"form.projects.1","block_id":"form.projects.1","value":"pay","team":{"id":"T1","domain":"d","enterprise_id":"E1","enterprise_name":"n"},
		"view":{"id":"V1","team_id":"T1","type":"modal","private_metadata":"org=o1&place=1","callback_id":"form","state":{"values":{}},"hash":"1.x","previous_view_id":null}}`))
	require.NoError(t, err)
	require.Equal(t, approval.Actor{User: "W1", Team: "T1", Enterprise: "E1"}, i.who())
	require.Equal(t, []string{"form.projects.1", "pay"}, []string{i.ActionID, i.Value})
	require.Equal(t, formMetadata{"o1", 1}, parseFormMetadata(i.View.Metadata))
	require.Equal(t, formBlocks.shown(i.View)[approval.FieldProjects], i.ActionID)
	require.Equal(t, "org=o1&place=1", formMetadata{"o1", 1}.encode())
	for _, unreadable := range []string{"", "%zz", "place=-3", "place=x", "AKR-7F3K2"} {
		require.Equal(t, formMetadata{}, parseFormMetadata(unreadable), unreadable)
	}
}

// TestAskingAgainAsksForTheSame: what is filled in from a request is read back
// as what was asked.
func TestAskingAgainAsksForTheSame(t *testing.T) {
	t.Parallel()
	r := request()
	f := again(testPolicy, r)
	access, err := testPolicy.Check(f.Form)
	require.NoError(t, err)
	require.Equal(t, r.Access, access)
	require.Equal(t, r.Reason, f.Reason)
}

func TestCommandsAsSlackSendsThem(t *testing.T) {
	t.Parallel()
	form, err := url.ParseQuery(strings.TrimSpace(string(sample(t, "slash_command.http.form.txt"))))
	require.NoError(t, err)
	c, err := commandFromForm(form)
	require.NoError(t, err)
	require.Equal(t, command{
		who: approval.Actor{User: "W111", Team: "T111", Enterprise: "E111"}, text: "Hi", trigger: "111.111.xxx",
		responseURL: "https://hooks.slack.com/commands/T111/111/xxxxx",
	}, c)
	for _, name := range []string{"socket.slash_commands.json", "socket.slash_commands.empty_text.json"} {
		c, err = commandFromJSON(payloadOf(t, name))
		require.NoError(t, err)
		require.NotEmpty(t, c.who.User)
		require.NotEmpty(t, c.trigger)
		require.NotEmpty(t, c.responseURL)
		require.Empty(t, c.text)
	}
}

func TestUnreadableDeliveriesAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"", "null", "[]", `"x"`, `{"user":7}`, `{"type":"block_actions"}`, `{"user":{"id":"U1"},"actions":"hush"}`, "{"} {
		_, err := decodeInteraction([]byte(broken))
		require.Error(t, err, broken)
		require.NotContains(t, err.Error(), "hush")
		_, err = commandFromJSON([]byte(broken))
		require.Error(t, err, broken)
	}
}

// TestTheSignatureOfSlacksOwnExample is the vector of Slack's documentation.
func TestTheSignatureOfSlacksOwnExample(t *testing.T) {
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
	require.NoError(t, verify(key, v.Timestamp, v.Signature, []byte(v.Body), at))
	for name, err := range map[string]error{
		"one byte more":         verify(key, v.Timestamp, v.Signature, []byte(v.Body+" "), at),
		"another secret":        verify(secret.New("x"), v.Timestamp, v.Signature, []byte(v.Body), at),
		"no secret":             verify(secret.Secret{}, v.Timestamp, v.Signature, []byte(v.Body), at),
		"no signature":          verify(key, v.Timestamp, "", []byte(v.Body), at),
		"another timestamp":     verify(key, "1531420619", v.Signature, []byte(v.Body), at),
		"no timestamp":          verify(key, "", v.Signature, []byte(v.Body), at),
		"a huge timestamp":      verify(key, "9223372036854775807", v.Signature, []byte(v.Body), at),
		"the least timestamp":   verify(key, "-9223372036854775808", v.Signature, []byte(v.Body), at),
		"too old":               verify(key, v.Timestamp, v.Signature, []byte(v.Body), at.Add(301*time.Second)),
		"too far in the future": verify(key, v.Timestamp, v.Signature, []byte(v.Body), at.Add(-301*time.Second)),
	} {
		require.Error(t, err, name)
	}
	require.NoError(t, verify(key, v.Timestamp, v.Signature, []byte(v.Body), at.Add(300*time.Second)))
}
