package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	teamID  = "T0BENCH01"
	appID   = "A0BENCH01"
	channel = "C0APPROVALS"
	group   = "S0APPROVERS"
)

// A slackStub answers the Web API as little as the bot needs, and hands what it posts to
// the people who wait for it. It checks nothing: the sandbox is there for that, and it
// would be what is measured.
type slackStub struct {
	approvers []string

	calls   counter // by method
	next    atomic.Int64
	waiting sync.Map // key of [slackStub.expect] to chan posted
}

// posted is what the bot sent: a message, an ephemeral message, or a view.
type posted struct {
	method  string
	channel string
	ts      string
	blocks  string          // JSON, of a message
	view    json.RawMessage // of a view
}

// expect returns a channel that gets everything posted under a key: a trigger_id, a
// conversation, a user whose Home tab it is, or the marker of a request in the
// approvers' channel. What answers a user directly comes into their conversation.
// forget ends that.
func (s *slackStub) expect(key string) chan posted {
	// A message can be updated while nobody reads; the newest ones are dropped then.
	c := make(chan posted, 16)
	s.waiting.Store(key, c)
	return c
}

func (s *slackStub) forget(key string) { s.waiting.Delete(key) }

func (s *slackStub) hand(key string, p posted) {
	if c, ok := s.waiting.Load(key); ok {
		select {
		case c.(chan posted) <- p:
		default:
		}
	}
}

// ServeHTTP implements [http.Handler].
func (s *slackStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the bot is gone
	}
	s.calls.add("slack " + method)
	if user, ok := strings.CutPrefix(method, "/response/"); ok {
		s.hand(directChannel(user), posted{method: "response_url", blocks: string(body)})
		io.WriteString(w, "ok")
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	io.WriteString(w, s.answer(method, r.Header.Get("Content-Type"), body))
}

func (s *slackStub) answer(method, kind string, body []byte) string {
	field := func(string) string { return "" }
	if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return `{"ok":false,"error":"invalid_form_data"}`
		}
		field = form.Get
	}
	switch method {
	case "auth.test":
		return fmt.Sprintf(`{"ok":true,"url":"https://bench.slack.com/","team":"Bench","user":"atlas-key-bot","team_id":%q,"user_id":"U0BOT","bot_id":"B0BOT"}`, teamID)
	case "conversations.info":
		return fmt.Sprintf(`{"ok":true,"channel":{"id":%q,"name":"atlas-approvals","is_channel":true,"is_private":false,"is_member":true}}`, field("channel"))
	case "conversations.open":
		return fmt.Sprintf(`{"ok":true,"channel":{"id":%q}}`, directChannel(field("users")))
	case "users.info":
		return fmt.Sprintf(`{"ok":true,"user":{"id":%[1]q,"team_id":%[2]q,"name":"p","real_name":"P","deleted":false,"is_bot":false,"is_restricted":false,"is_ultra_restricted":false,"tz":"Etc/UTC","tz_offset":0,"profile":{"display_name":"p","real_name":"P"}}}`, field("user"), teamID)
	case "usergroups.users.list":
		users, _ := json.Marshal(s.approvers)
		return `{"ok":true,"users":` + string(users) + `}`
	case "usergroups.list":
		return fmt.Sprintf(`{"ok":true,"usergroups":[{"id":%q,"handle":"atlas-approvers","name":"approvers","date_delete":0}]}`, group)
	case "chat.postMessage", "chat.update", "chat.postEphemeral":
		return s.message(method, field)
	case "chat.getPermalink":
		return fmt.Sprintf(`{"ok":true,"channel":%q,"permalink":"https://bench.slack.com/archives/%s/p1"}`, field("channel"), field("channel"))
	case "views.open", "views.update", "views.publish":
		return s.view(method, body)
	default:
		return `{"ok":true}`
	}
}

func (s *slackStub) message(method string, field func(string) string) string {
	p := posted{method: method, channel: field("channel"), ts: field("ts"), blocks: field("blocks")}
	if strings.HasPrefix(p.channel, "U") {
		p.channel = directChannel(p.channel)
	}
	if p.ts == "" {
		p.ts = fmt.Sprintf("1700000000.%06d", s.next.Add(1))
	}
	key := p.channel
	if key == channel {
		key = markerIn(p.blocks)
	}
	s.hand(key, p)
	if method == "chat.postEphemeral" {
		return fmt.Sprintf(`{"ok":true,"message_ts":%q}`, p.ts)
	}
	return fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q,"message":{"ts":%q,"user":"U0BOT","bot_id":"B0BOT"}}`, p.channel, p.ts, p.ts)
}

func (s *slackStub) view(method string, body []byte) string {
	var sent struct {
		TriggerID string          `json:"trigger_id"`
		UserID    string          `json:"user_id"`
		ViewID    string          `json:"view_id"`
		View      json.RawMessage `json:"view"`
	}
	if json.Unmarshal(body, &sent) != nil {
		return `{"ok":false,"error":"invalid_json"}`
	}
	id := sent.ViewID
	if id == "" {
		id = "V" + strconv.FormatInt(s.next.Add(1), 36)
	}
	key := sent.TriggerID
	if method == "views.publish" {
		key = sent.UserID
	}
	s.hand(key, posted{method: method, ts: id, view: sent.View})
	return fmt.Sprintf(`{"ok":true,"view":{"id":%q,"team_id":%q,"hash":"1.a","type":"modal","state":{"values":{}}}}`, id, teamID)
}

// directChannel is the conversation of a user with the bot.
func directChannel(user string) string { return "D" + strings.TrimPrefix(user, "U") }

const markerStart, markerEnd = "bench-", "-end"

// markerOf is what tells the request of a flow from the others, in its description.
func markerOf(flow int64) string { return markerStart + strconv.FormatInt(flow, 10) + markerEnd }

func markerIn(text string) string {
	from := strings.Index(text, markerStart)
	if from < 0 {
		return ""
	}
	to := strings.Index(text[from:], markerEnd)
	if to < 0 {
		return ""
	}
	return text[from : from+to+len(markerEnd)]
}
