package preflight

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// A setup is one thing wrong and what the preflight says of it. Nothing else
// may be not ok.
type setup struct {
	spoil func(l *checkEnv)
	want  Finding
	also  []Finding
}

// testSetups spoils one thing each and reads the finding, the exit code, and
// that nothing innocent is blamed.
func testSetups(t *testing.T, ailments map[string]setup) {
	t.Parallel()
	for name, tt := range ailments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCheckEnv(t)
			tt.spoil(l)
			code, found := l.check()
			wanted := append([]Finding{tt.want}, tt.also...)
			for i := range wanted {
				wanted[i].Message = strings.ReplaceAll(wanted[i].Message, "{host}", strings.TrimPrefix(l.URL(), "http://"))
			}
			blamed := 0
			for _, f := range found {
				if f.Result == NotOK {
					blamed++
					assert.Contains(t, wanted, f)
				}
			}
			for _, f := range wanted {
				assert.Contains(t, found, f)
			}
			assert.Equal(t, min(blamed, 1), code)
			if tt.want.Result == NotOK {
				assert.Equal(t, 1, code)
			}
		})
	}
}

// slackAnswers has every call of a method answered with an error.
func slackAnswers(method, code string) func(*checkEnv) {
	return func(l *checkEnv) {
		require.NoError(l.t, l.Wire.Set(wire.Fault{Side: wire.Slack, Operation: method, Mode: wire.SlackError, Error: code, Count: -1}))
	}
}

const (
	whereScopes   = "At api.slack.com/apps, OAuth & Permissions, add them and install the app again."
	whereAppToken = "Make one at api.slack.com/apps, Basic Information, App-Level Tokens, with the scope connections:write."
)

func TestCheckTokens(t *testing.T) {
	testSetups(t, map[string]setup{
		"the bot token is unknown": {
			func(l *checkEnv) { l.set("SLACK_BOT_TOKEN", "xoxb-not-of-this-workspace") },
			Finding{"slack bot token", NotOK, "Slack does not know SLACK_BOT_TOKEN.", "Copy the Bot User OAuth Token from OAuth & Permissions again, whole."},
			[]Finding{{"approvers", NotChecked, "SLACK_BOT_TOKEN has to work first.", ""}},
		},
		"every token was revoked": {
			func(l *checkEnv) { l.Slack.RevokeToken() },
			Finding{"slack bot token", NotOK, "SLACK_BOT_TOKEN was revoked.", reinstall},
			[]Finding{{"slack app token", NotOK, "Slack does not know SLACK_APP_TOKEN, or it was revoked.", whereAppToken}},
		},
		"the app was removed": {
			slackAnswers("auth.test", "account_inactive"),
			Finding{"slack bot token", NotOK, "The app was removed from the workspace, or its bot deactivated.", reinstall}, nil,
		},
		"tokens rotate": {
			slackAnswers("auth.test", "token_expired"),
			Finding{"slack bot token", NotOK, "SLACK_BOT_TOKEN has expired: the app has token rotation on, which cannot be switched off.", "Make the app anew from 'atlas-key-bot manifest', which has it off."}, nil,
		},
		"an unexpected answer": {
			slackAnswers("auth.test", "team_access_not_granted"),
			Finding{"slack bot token", NotOK, "Slack refuses SLACK_BOT_TOKEN with team_access_not_granted.", "Look the code up at docs.slack.dev."}, nil,
		},
		"Slack is busy": {
			slackAnswers("auth.test", "ratelimited"),
			Finding{"slack bot token", NotChecked, "Slack cannot answer now (ratelimited).", "Try again in a minute."}, nil,
		},
		"an answer that says nothing": {
			func(l *checkEnv) {
				require.NoError(l.t, l.Wire.Set(wire.Fault{Side: wire.Slack, Operation: "auth.test", Mode: wire.OKFalse, Count: -1}))
			},
			Finding{"slack bot token", NotChecked, "Slack's answer did not arrive or is not one of Slack.", "Try again; if it stays so, look at status.slack.com and at proxies."}, nil,
		},
		"the app token is unknown": {
			func(l *checkEnv) { l.set("SLACK_APP_TOKEN", "xapp-not-of-this-workspace") },
			Finding{"slack app token", NotOK, "Slack does not know SLACK_APP_TOKEN, or it was revoked.", whereAppToken}, nil,
		},
		"the app token is of another type": {
			slackAnswers("apps.connections.open", "not_allowed_token_type"),
			Finding{"slack app token", NotOK, "SLACK_APP_TOKEN is not an app-level token.", whereAppToken}, nil,
		},
		"the app token has no scope": {
			slackAnswers("apps.connections.open", "missing_scope"),
			Finding{"slack app token", NotOK, "SLACK_APP_TOKEN lacks the scope connections:write.", whereAppToken}, nil,
		},
		"the app is installed into an organization": {
			answerWith("auth.test", `{"ok":true,"team_id":"T0SANDBOX","user_id":"U0BOT","url":"https://x.slack.com/","enterprise_id":"E1","is_enterprise_install":true}`),
			Finding{"slack bot token", Warning, "Slack accepts it, but the app is installed into a whole organization of Enterprise Grid, and the bot serves one workspace.", "At api.slack.com/apps, install the app into one workspace and copy that Bot User OAuth Token."}, nil,
		},
		"auth.test names another app": {
			answerWith("auth.test", `{"ok":true,"team_id":"T0SANDBOX","user_id":"U0BOT","url":"https://x.slack.com/","app_id":"A0THIRD"}`),
			Finding{"slack app token", NotOK, "SLACK_APP_TOKEN is of app A0SANDBOX, SLACK_BOT_TOKEN of app A0THIRD.", "Copy both from the same app at api.slack.com/apps."}, nil,
		},
		"the tokens are of two apps": {
			answerWith("apps.connections.open", `{"ok":true,"url":"wss://wss.example/link/?ticket=1&app_id=A0OTHER"}`),
			Finding{"slack app token", NotOK, "SLACK_APP_TOKEN is of app A0OTHER, SLACK_BOT_TOKEN of app A0SANDBOX.", "Copy both from the same app at api.slack.com/apps."}, nil,
		},
	})
}

// answerWith puts a proxy before the workspace that answers one method by itself,
// with what the workspace never would.
func answerWith(method, body string) func(*checkEnv) {
	return func(l *checkEnv) {
		u, err := url.Parse(l.URL())
		require.NoError(l.t, err)
		mux := http.NewServeMux()
		mux.Handle("/", httputil.NewSingleHostReverseProxy(u))
		mux.Handle("/api/"+method, answers(body))
		server := httptest.NewServer(mux)
		l.t.Cleanup(server.Close)
		l.set("SLACK_API_URL", server.URL+"/api/")
	}
}

func TestCheckScopes(t *testing.T) {
	testSetups(t, map[string]setup{
		"two are missing": {
			func(l *checkEnv) { l.Slack.SetScopes("commands", "users:read", "usergroups:read", "channels:read") },
			Finding{"slack scopes", NotOK, "The bot token lacks chat:write, groups:read.", whereScopes}, nil,
		},
		"people cannot be looked up": {
			func(l *checkEnv) {
				l.Slack.SetScopes("commands", "chat:write", "usergroups:read", "channels:read", "groups:read")
			},
			Finding{"slack scopes", NotOK, "The bot token lacks users:read.", whereScopes},
			[]Finding{
				{"approver group", NotChecked, "Of 2 members of @atlas-approvers (S0APPROVERS): U0BOB could not be looked up, U0DANA could not be looked up.", ""},
				{"approvers", NotChecked, "No approver who can decide was found, and some could not be looked up.", ""},
			},
		},
		"groups cannot be listed": {
			func(l *checkEnv) {
				l.Slack.SetScopes("commands", "chat:write", "users:read", "channels:read", "groups:read")
			},
			Finding{"slack scopes", NotOK, "The bot token lacks usergroups:read.", whereScopes},
			[]Finding{{"approver group", NotChecked, "The bot token lacks a scope for it.", "Add the scopes named under slack scopes."}},
		},
		"one is more than needed": {
			func(l *checkEnv) {
				l.Slack.SetScopes("commands", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read", "channels:history")
			},
			Finding{"slack scopes", Warning, "The bot token may do more than the bot ever does: channels:history.", "At api.slack.com/apps, OAuth & Permissions, take them away and install the app again."}, nil,
		},
	})
}

func TestCheckChannel(t *testing.T) {
	testSetups(t, map[string]setup{
		"it is archived": {
			func(l *checkEnv) { l.Slack.Archive(slack.Approvals, true) },
			Finding{"approvals channel", NotOK, "Channel C0APPROVALS: it is archived.", "Choose another one."}, nil,
		},
		"it is shared": {
			func(l *checkEnv) { l.Slack.ShareChannel(slack.Approvals, true) },
			Finding{"approvals channel", NotOK, "Channel C0APPROVALS: it is shared with another company, whose people would see every request.", "Choose one that is not."}, nil,
		},
		"it is about to be shared": {
			answerWith("conversations.info", `{"ok":true,"channel":{"id":"C0APPROVALS","is_member":true,"is_pending_ext_shared":true}}`),
			Finding{"approvals channel", NotOK, "Channel C0APPROVALS: it is shared with another company, whose people would see every request.", "Choose one that is not."}, nil,
		},
		"the bot is not in it": {
			func(l *checkEnv) { l.Slack.RemoveBotFromChannel(slack.Approvals) },
			Finding{"approvals channel", NotOK, "Channel C0APPROVALS: the bot is not a member.", "Type /invite with the bot's name there."}, nil,
		},
		"it is private, and the bot is not in it": {
			func(l *checkEnv) {
				l.Slack.RemoveBotFromChannel(slack.Approvals)
				l.Slack.SetPrivate(slack.Approvals, true)
			},
			Finding{"approvals channel", NotOK, "Channel C0APPROVALS: Slack knows no such channel, or it is private and the bot is not in it.", "Invite the bot there and use the channel's id."},
			[]Finding{{"approvers in channel", NotChecked, "The channel has to be there first.", ""}},
		},
		"there is none": {
			func(l *checkEnv) { l.set("SLACK_APPROVAL_CHANNEL", "C0NOWHERE") },
			Finding{"approvals channel", NotOK, "Channel C0NOWHERE: Slack knows no such channel, or it is private and the bot is not in it.", "Invite the bot there and use the channel's id."}, nil,
		},
		"an approver is not in it": {
			func(l *checkEnv) { l.Slack.Leave(slack.Dana, slack.Approvals) },
			Finding{"approvers in channel", Warning, "In the approvals channel these are missing, though they can decide: U0DANA.", "Invite them there."}, nil,
		},
		"no approver is in it": {
			func(l *checkEnv) {
				l.Slack.Leave(slack.Dana, slack.Approvals)
				l.Slack.Leave(slack.Bob, slack.Approvals)
			},
			Finding{"approvers in channel", NotOK, "None of those who can decide are in the approvals channel.", "Invite the approvers there."}, nil,
		},
	})
}
