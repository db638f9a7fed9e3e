package slackui_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
)

func TestMembershipIsCheckedOnEveryAction(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	directory := d.slack.Directory()
	standing := func(user, team string) policy.MemberStatus {
		t.Helper()
		s, err := directory.MemberStatus(t.Context(), policy.Actor{User: policy.UserID(user), Team: team})
		require.NoError(t, err)
		return s
	}
	require.Equal(t, policy.Member, standing(alice, sandbox.TeamID))
	require.Equal(t, policy.Guest, standing(sandbox.Gil, sandbox.TeamID))
	require.Equal(t, policy.Deactivated, standing(sandbox.Dee, sandbox.TeamID))
	require.Equal(t, policy.External, standing(sandbox.Eve, sandbox.OtherTeam))
	require.Equal(t, policy.External, standing(sandbox.Eve, sandbox.TeamID), "Slack's own record counts too")
	require.Equal(t, policy.External, standing(alice, sandbox.OtherTeam))
	require.Equal(t, policy.External, standing(alice, ""))
	require.Equal(t, policy.External, standing("U0NOBODY", sandbox.TeamID))
	require.Equal(t, policy.Bot, standing(sandbox.BotUser, sandbox.TeamID))

	d.Deactivate(alice)
	require.Equal(t, policy.Deactivated, standing(alice, sandbox.TeamID))
	d.Hide(bob, true)
	require.Equal(t, policy.External, standing(bob, sandbox.TeamID))
}

func TestMemberStatusOfRareAccounts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		user string
		who  policy.Actor
		want policy.MemberStatus
	}{
		"Slackbot, who is no bot to Slack":            {`{"id":"USLACKBOT","team_id":"T0SANDBOX","is_bot":false}`, policy.Actor{User: "USLACKBOT", Team: "T0SANDBOX"}, policy.Bot},
		"invited and not yet here":                    {`{"id":"U1","team_id":"T0SANDBOX","is_invited_user":true}`, policy.Actor{User: "U1", Team: "T0SANDBOX"}, policy.External},
		"a single-channel guest":                      {`{"id":"U1","team_id":"T0SANDBOX","is_ultra_restricted":true}`, policy.Actor{User: "U1", Team: "T0SANDBOX"}, policy.Guest},
		"a stranger whom Slack does not call one":     {`{"id":"U1","team_id":"T0OTHER","is_stranger":false}`, policy.Actor{User: "U1", Team: "T0OTHER"}, policy.External},
		"of another organization":                     {`{"id":"U1","team_id":"T0OTHER","enterprise_user":{"enterprise_id":"E9"}}`, policy.Actor{User: "U1", Team: "T0OTHER", Enterprise: "E9"}, policy.External},
		"claims our workspace, but is of another one": {`{"id":"U1","team_id":"T0OTHER"}`, policy.Actor{User: "U1", Team: "T0SANDBOX"}, policy.External},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, overHTTP)
			d.faults.add(fault{method: "users.info", answer: status(200, `{"ok":true,"user":`+tt.user+`}`)})
			got, err := d.slack.Directory().MemberStatus(t.Context(), tt.who)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestMemberStatusInEnterpriseGrid(t *testing.T) {
	t.Parallel()
	w := &faultyTransport{}
	w.add(fault{method: "auth.test", answer: status(200, `{"ok":true,"team_id":"T1","user_id":"U0BOT","bot_id":"B1","enterprise_id":"E1"}`)})
	s, err := client.Connect(t.Context(), client.Config{Token: secret.New("xoxb"), APIURL: "https://slack.test/api/", Now: time.Now, Transport: w})
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		user string
		who  policy.Actor
		want policy.MemberStatus
	}{
		"another workspace of it":             {`"team_id":"T2","enterprise_user":{"enterprise_id":"E1"}`, policy.Actor{User: "U1", Team: "T2", Enterprise: "E1"}, policy.Member},
		"no team in the payload":              {`"team_id":"T2","enterprise_user":{"enterprise_id":"E1"}`, policy.Actor{User: "U1"}, policy.Member},
		"another organization in the payload": {`"team_id":"T2","enterprise_user":{"enterprise_id":"E1"}`, policy.Actor{User: "U1", Team: "T2", Enterprise: "E2"}, policy.External},
		"another organization":                {`"team_id":"T2","enterprise_user":{"enterprise_id":"E2"}`, policy.Actor{User: "U1", Team: "T2", Enterprise: "E1"}, policy.External},
		"none":                                {`"team_id":"T2"`, policy.Actor{User: "U1", Team: "T2", Enterprise: "E1"}, policy.External},
	} {
		w.add(fault{method: "users.info", answer: status(200, `{"ok":true,"user":{"id":"U1",`+fullMember+`,`+tt.user+`}}`)})
		got, err := s.Directory().MemberStatus(t.Context(), tt.who)
		require.NoError(t, err, name)
		require.Equal(t, tt.want, got, name)
	}
}

// fullMember are the flags that Slack sends of every active person.
const fullMember = `"deleted":false,"is_bot":false,"is_restricted":false,"is_ultra_restricted":false`

func TestMemberStatusUnknown(t *testing.T) {
	t.Parallel()
	const identity = `"id":"U0ALICE","team_id":"T0SANDBOX"`
	for name, answer := range map[string]string{
		"half a user":                 `{"ok":true,"user":{"id":"U0ALICE"}}`,
		"no team":                     `{"ok":true,"user":{"id":"U0ALICE",` + fullMember + `}}`,
		"an empty team":               `{"ok":true,"user":{"id":"U0ALICE","team_id":"",` + fullMember + `}}`,
		"no flags":                    `{"ok":true,"user":{` + identity + `}}`,
		"not whether deactivated":     `{"ok":true,"user":{` + identity + `,"is_bot":false,"is_restricted":false,"is_ultra_restricted":false}}`,
		"not whether a bot":           `{"ok":true,"user":{` + identity + `,"deleted":false,"is_restricted":false,"is_ultra_restricted":false}}`,
		"not whether a guest":         `{"ok":true,"user":{` + identity + `,"deleted":false,"is_bot":false,"is_ultra_restricted":false}}`,
		"not whether a guest of one":  `{"ok":true,"user":{` + identity + `,"deleted":false,"is_bot":false,"is_restricted":false}}`,
		"null in the place of a flag": `{"ok":true,"user":{` + identity + `,"deleted":null,"is_bot":false,"is_restricted":false,"is_ultra_restricted":false}}`,
		"ok false and no reason":      `{"ok":false}`, "another user": `{"ok":true,"user":{"id":"U0BOB"}}`,
		"a missing scope": `{"ok":false,"error":"missing_scope"}`, "nothing": ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, overHTTP)
			d.faults.add(fault{method: "users.info", answer: status(200, answer)})
			_, err := d.slack.Directory().MemberStatus(t.Context(), policy.Actor{User: alice, Team: sandbox.TeamID})
			_, isFault := errors.AsType[*approval.CallError](err)
			require.True(t, isFault, "%v", err)
		})
	}
}

func TestDeactivationUnknown(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"half a user": `{"ok":true,"user":{"id":"U0ALICE","team_id":"T0SANDBOX"}}`, "another user": `{"ok":true,"user":{"id":"U0BOB","deleted":true}}`,
		"ok false and no reason": `{"ok":false}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, overHTTP)
			d.faults.add(fault{method: "users.info", answer: status(200, answer)})
			_, err := d.slack.Directory().Deactivated(t.Context(), alice)
			_, isFault := errors.AsType[*approval.CallError](err)
			require.True(t, isFault, "%v", err)
		})
	}
}

func TestGroupMembersAreCached(t *testing.T) {
	t.Parallel()
	var clock testClock
	w := &faultyTransport{}
	w.add(fault{method: "auth.test", answer: status(200, `{"ok":true,"team_id":"T1","user_id":"U0BOT"}`)})
	s, err := client.Connect(t.Context(), client.Config{Token: secret.New("xoxb"), APIURL: "https://slack.test/api/", Now: clock.Now, Transport: w})
	require.NoError(t, err)
	directory := s.Directory()
	members := func(answer string) ([]policy.UserID, error) {
		w.add(fault{method: "usergroups.users.list", answer: status(200, answer)})
		return directory.Members(t.Context(), "S1")
	}
	const away = `{"ok":false,"error":"internal_error"}`

	_, err = members(away)
	require.Error(t, err, "nothing is known yet")
	got, err := members(`{"ok":true,"users":["U1","U2"]}`)
	require.NoError(t, err)
	require.Equal(t, []policy.UserID{"U1", "U2"}, got)

	clock.advance(4 * time.Minute)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _ = directory.Members(t.Context(), "S1") })
	}
	all.Wait()
	require.Equal(t, 2, w.count("usergroups.users.list"), "within five minutes no user asks")

	clock.advance(2 * time.Minute)
	got, err = members(away)
	require.NoError(t, err)
	require.Equal(t, []policy.UserID{"U1", "U2"}, got, "for a while the old list counts")
	clock.advance(10 * time.Minute)
	_, err = members(away)
	require.Error(t, err, "and then no longer")
	got, err = members(`{"ok":true,"users":[]}`)
	require.NoError(t, err)
	require.Empty(t, got)
}

// testClock is a clock that tests move.
type testClock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(c.off)
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

func TestApproversChannelIsChecked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*env)
		want  string
	}{
		"fine":                        {func(*env) {}, ""},
		"without the bot":             {func(d *env) { d.RemoveBotFromChannel(sandbox.Approvals) }, "not a member"},
		"private and without the bot": {func(d *env) { d.RemoveBotFromChannel(sandbox.Approvals); d.SetPrivate(sandbox.Approvals, true) }, "knows no such channel"},
		"archived":                    {func(d *env) { d.Archive(sandbox.Approvals, true) }, "archived"},
		"shared with others":          {func(d *env) { d.ShareChannel(sandbox.Approvals, true) }, "shared with another company"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newEnv(t, overHTTP)
			tt.spoil(d)
			err := d.slack.CheckChannel(t.Context(), sandbox.Approvals)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			wrong, ok := errors.AsType[*client.ChannelError](err)
			require.True(t, ok, "%v", err)
			require.Contains(t, wrong.Problem, tt.want)
		})
	}
	d := newEnv(t, overHTTP)
	d.faults.add(fault{method: "conversations.info", answer: status(503, "")})
	_, isFault := errors.AsType[*approval.CallError](d.slack.CheckChannel(t.Context(), sandbox.Approvals))
	require.True(t, isFault)
}

func TestConnectReturnsIdentity(t *testing.T) {
	t.Parallel()
	d := newEnv(t, overHTTP)
	require.Equal(t, sandbox.TeamID, d.slack.Team)
	require.Equal(t, sandbox.BotUser, d.slack.BotUser)
	require.Empty(t, d.slack.MissingScopes())

	w := &faultyTransport{}
	w.add(fault{method: "auth.test", answer: status(200, `{"ok":false,"error":"invalid_auth"}`)})
	config := client.Config{Token: secret.New("xoxb"), APIURL: "https://slack.test/api/", Now: time.Now, Transport: w}
	_, err := client.Connect(t.Context(), config)
	f, ok := errors.AsType[*approval.CallError](err)
	require.True(t, ok)
	require.Equal(t, approval.Permanent, f.Class)
	require.Equal(t, "invalid_auth", f.Code)

	w.add(fault{method: "auth.test", answer: connectionReset})
	_, err = client.Connect(t.Context(), config)
	f, ok = errors.AsType[*approval.CallError](err)
	require.True(t, ok)
	require.Equal(t, approval.Indeterminate, f.Class)
}
