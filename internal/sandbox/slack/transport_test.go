package slack_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// halfABody promises more bytes than it sends.
func (d *desk) halfABody() answer {
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	require.NoError(d.t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/auth.test HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 100\r\n\r\ntoken=x", formType)
	require.NoError(d.t, conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(d.t, err)
	defer res.Body.Close()
	var o obj
	require.NoError(d.t, json.NewDecoder(res.Body).Decode(&o))
	return answer{o, res.StatusCode, res.Header}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	for how, a := range map[string]answer{
		"form body":       d.form("auth.test", nil),
		"header and JSON": d.json("auth.test", obj{}),
	} {
		require.Equal(t, true, a.obj["ok"], how)
		require.Equal(t, slack.BotUser, a.obj["user_id"], how)
		require.Equal(t, slack.TeamID, a.obj["team_id"], how)
		require.Equal(t, "commands,chat:write,users:read,usergroups:read,channels:read,groups:read,im:write", a.header.Get("X-OAuth-Scopes"), how)
	}
	inJSON := d.do(d.request("auth.test", jsonType, toJSON(t, obj{"token": d.BotToken()})))
	require.Equal(t, "not_authed", inJSON.error(), "a token in a JSON body is not read")
}

func TestMissingScope(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{Scopes: []string{"commands", "chat:write"}})
	a := d.form("conversations.open", obj{"users": slack.Alice})
	require.Equal(t, obj{"ok": false, "error": "missing_scope", "needed": "im:write", "provided": "commands,chat:write"}, a.obj)
	require.Equal(t, "channels:read", d.form("conversations.info", obj{"channel": slack.Approvals}).obj["needed"])

	d.SetPrivate(slack.Approvals, true)
	require.Equal(t, "groups:read", d.form("conversations.info", obj{"channel": slack.Approvals}).obj["needed"])

	d.SetScopes("im:write", "chat:write")
	dm := d.ok("conversations.open", obj{"users": slack.Alice}).obj["channel"].(obj)["id"]
	require.Equal(t, "im:read", d.form("conversations.info", obj{"channel": dm}).obj["needed"])
}

func TestAuthErrorEnds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	d.SetAuthError("account_inactive")
	require.Equal(t, "account_inactive", d.form("auth.test", nil).error())
	d.SetAuthError("")
	d.ok("auth.test", nil)
}

func TestRateLimitsRefill(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{RateLimits: true})
	say := obj{"channel": slack.Approvals, "text": "x"}
	d.ok("chat.postMessage", say)
	require.Equal(t, "1", d.form("chat.postMessage", say).header.Get("Retry-After"))
	d.ok("chat.postMessage", obj{"channel": slack.Bob, "text": "x"}) // another channel
	d.clock.Advance(time.Second)
	d.ok("chat.postMessage", say)

	for range 20 {
		d.ok("usergroups.list", nil)
	}
	require.Equal(t, "3", d.form("usergroups.list", nil).header.Get("Retry-After"))
	d.clock.Advance(3 * time.Second)
	d.ok("usergroups.list", nil)
}

func TestOperation(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/api/chat.postMessage":    "chat.postMessage",
		"/response/abc":            "response_url",
		"/link/?ticket=1&app_id=2": "link",
		"/":                        "",
	} {
		r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1"+path, nil)
		require.NoError(t, err)
		require.Equal(t, want, slack.Operation(r))
	}
}

func TestSeedDeterminesRun(t *testing.T) {
	t.Parallel()
	one, two := slack.New(slack.Options{Seed: 5}), slack.New(slack.Options{Seed: 5})
	defer one.Close()
	defer two.Close()
	require.Equal(t, one.BotToken(), two.BotToken())
	three := slack.New(slack.Options{})
	defer three.Close()
	require.NotZero(t, three.Seed())
	require.NotEqual(t, one.BotToken(), three.BotToken())
	require.Regexp(t, `^xoxb-sandbox-\w{24}$`, one.BotToken())
	require.Regexp(t, `^xapp-sandbox-\w{24}$`, one.AppToken())
	require.Regexp(t, `^[0-9a-f]{32}$`, one.SigningSecret())
}
