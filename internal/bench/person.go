package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// answerLimit bounds every wait for the bot.
const answerLimit = 20 * time.Second

// A workspace is what people use: it signs and delivers what they do, as Slack does.
type workspace struct {
	bot       string // its base URL
	responses string // the base of response_urls
	stub      *slackStub
	client    *http.Client

	triggers atomic.Int64
}

func newWorkspace(address string, p *platforms) *workspace {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	return &workspace{bot: "http://" + address, responses: p.slackAt, stub: p.slack, client: &http.Client{Transport: transport, Timeout: answerLimit}}
}

// deliver posts a form and returns how long the bot took to acknowledge it.
func (w *workspace) deliver(ctx context.Context, path string, form url.Values) (time.Duration, error) {
	return w.post(ctx, path, "application/x-www-form-urlencoded", form.Encode())
}

// post signs a body as Slack does and posts it, and returns how long the bot took to
// acknowledge it.
func (w *workspace) post(ctx context.Context, path, contentType, body string) (time.Duration, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signingSecret))
	io.WriteString(mac, "v0:"+now+":"+body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.bot+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Slack-Request-Timestamp", now)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	began := time.Now()
	response, err := w.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	took := time.Since(began)
	switch {
	case err != nil:
		return 0, err
	case response.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("delivering to %s: status %d", path, response.StatusCode)
	case strings.Contains(string(answer), `"response_action":"errors"`):
		return 0, fmt.Errorf("a form was refused: %s", answer)
	}
	return took, nil
}

func (w *workspace) trigger() string { return fmt.Sprintf("bench.%d", w.triggers.Add(1)) }

// command types the slash command, and returns the trigger of what the bot opens.
func (w *workspace) command(ctx context.Context, user, trigger string) (time.Duration, error) {
	return w.deliver(ctx, "/slack/commands", url.Values{
		"command": {"/atlas-key"}, "text": {""}, "user_id": {user}, "team_id": {teamID}, "api_app_id": {appID},
		"channel_id": {"C0GENERAL"}, "trigger_id": {trigger}, "response_url": {w.responseURL(user)},
	})
}

// responseURL is where the bot answers a user.
func (w *workspace) responseURL(user string) string { return w.responses + "/response/" + user }

type object = map[string]any

func (w *workspace) interaction(kind, user string, more object) url.Values {
	o := object{
		"type": kind, "user": object{"id": user, "team_id": teamID, "username": "p"}, "team": object{"id": teamID, "domain": "bench"},
		"api_app_id": appID, "enterprise": nil, "is_enterprise_install": false, "trigger_id": w.trigger(),
	}
	for k, v := range more {
		o[k] = v
	}
	encoded, err := json.Marshal(o)
	if err != nil {
		panic(err) // of what is written above
	}
	return url.Values{"payload": {string(encoded)}}
}

// click presses the button of an action in a message.
func (w *workspace) click(ctx context.Context, user string, in posted, action string) error {
	b, err := buttonIn(in.blocks, action)
	if err != nil {
		return err
	}
	isEphemeral := in.method == "chat.postEphemeral"
	o := object{
		"container":    object{"type": "message", "message_ts": in.ts, "channel_id": in.channel, "is_ephemeral": isEphemeral},
		"channel":      object{"id": in.channel, "name": "c"},
		"response_url": w.responseURL(user), "state": object{"values": object{}},
		"actions": []any{object{
			"type": "button", "action_id": b.ActionID, "block_id": b.blockID, "value": b.Value, "action_ts": in.ts,
			"text": object{"type": "plain_text", "text": "b"},
		}},
	}
	if !isEphemeral {
		o["message"] = object{"type": "message", "ts": in.ts, "text": "t", "blocks": json.RawMessage(in.blocks), "user": "U0BOT", "bot_id": "B0BOT"}
	}
	_, err = w.deliver(ctx, "/slack/interactions", w.interaction("block_actions", user, o))
	return err
}

type button struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	blockID  string
}

var errNoButton = errors.New("the message has no such button")

// buttonIn finds the button of an action.
func buttonIn(blocks, action string) (button, error) {
	var all []struct {
		BlockID  string   `json:"block_id"`
		Elements []button `json:"elements"`
	}
	_ = json.Unmarshal([]byte(blocks), &all) // elements of rich text do not fit, and have no buttons
	for _, block := range all {
		for _, b := range block.Elements {
			if name, _, _ := strings.Cut(b.ActionID, ":"); name == action {
				b.blockID = block.BlockID
				return b, nil
			}
		}
	}
	return button{}, fmt.Errorf("%w: %s", errNoButton, action)
}

// submit fills in the form and sends it.
func (w *workspace) submit(ctx context.Context, user string, form posted, marker string) error {
	var view struct {
		CallbackID string  `json:"callback_id"`
		Metadata   string  `json:"private_metadata"`
		Blocks     []block `json:"blocks"`
	}
	if err := json.Unmarshal(form.view, &view); err != nil {
		return fmt.Errorf("reading the form: %w", err)
	}
	values := object{}
	for _, b := range view.Blocks {
		if b.Type == "input" {
			values[b.BlockID] = object{b.Element.ActionID: b.Element.filled(b.BlockID, marker)}
		}
	}
	_, err := w.deliver(ctx, "/slack/interactions", w.interaction("view_submission", user, object{
		"view": object{
			"id": form.ts, "team_id": teamID, "type": "modal", "callback_id": view.CallbackID, "private_metadata": view.Metadata,
			"hash": "1.a", "state": object{"values": values},
		},
		"response_urls": []any{},
	}))
	return err
}

type block struct {
	Type    string  `json:"type"`
	BlockID string  `json:"block_id"`
	Element element `json:"element"`
}

type element struct {
	Type           string   `json:"type"`
	ActionID       string   `json:"action_id"`
	InitialValue   string   `json:"initial_value"`
	InitialOption  *option  `json:"initial_option"`
	InitialOptions []option `json:"initial_options"`
	Options        []option `json:"options"`
	OptionGroups   []struct {
		Options []option `json:"options"`
	} `json:"option_groups"`
}

type option struct {
	Text  json.RawMessage `json:"text"`
	Value string          `json:"value"`
}

// filled is the state of an element that a person filled in: a read-only role, an
// address, a text with the marker, and the first choice of every other menu.
func (e element) filled(blockID, marker string) object {
	all := e.Options
	for _, g := range e.OptionGroups {
		all = append(all, g.Options...)
	}
	state := object{"type": e.Type}
	switch {
	case e.Type == "plain_text_input" && strings.HasPrefix(blockID, "networks"):
		state["value"] = "203.0.113.7"
	case e.Type == "plain_text_input":
		state["value"] = marker + " nightly export"
	case strings.HasPrefix(blockID, "roles"):
		state["selected_options"] = []option{named(all, "ORG_READ_ONLY")}
	case e.Type == "static_select" && e.InitialOption != nil:
		state["selected_option"] = e.InitialOption
	case e.Type == "static_select" && len(all) > 0:
		state["selected_option"] = all[0]
	default: // a menu of many, of which none need be chosen
		state["selected_options"] = append([]option{}, e.InitialOptions...)
	}
	return state
}

func named(all []option, value string) option {
	for _, o := range all {
		if o.Value == value {
			return o
		}
	}
	return option{Value: value, Text: json.RawMessage(`{"type":"plain_text","text":"r"}`)}
}

// openHome opens the app's Home tab.
func (w *workspace) openHome(ctx context.Context, user string) error {
	event, err := json.Marshal(object{
		"type": "event_callback", "team_id": teamID, "api_app_id": appID, "event_id": "Ev" + w.trigger(), "event_time": time.Now().Unix(),
		"event":          object{"type": "app_home_opened", "user": user, "channel": directChannel(user), "tab": "home", "event_ts": "1.1"},
		"authorizations": []any{object{"team_id": teamID, "user_id": "U0BOT", "is_bot": true}},
	})
	if err != nil {
		return err
	}
	_, err = w.post(ctx, "/slack/events", "application/json", string(event))
	return err
}
