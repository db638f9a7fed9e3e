package slack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

// A refusal breaks a rule. The codes are written down here a second time, so
// that they can disagree with the rules'.
type refusal struct {
	code  string
	broke func(*desk) answer
}

// refusals break every rule, by its Why.
func refusals() map[string]refusal {
	all := map[string]refusal{}
	breaks := func(why, code string, how func(*desk) answer) { all[why] = refusal{code, how} }
	breakTransport(breaks)
	breakPlaces(breaks)
	breakMessages(breaks)
	breakPeople(breaks)
	breakViews(breaks)
	return all
}

// A recorder of refusals.
type breaker func(why, code string, how func(*desk) answer)

// calling breaks a rule with one call and nothing else.
func calling(method string, args obj) func(*desk) answer {
	return func(d *desk) answer { return d.form(method, args) }
}

func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	cases := refusals()
	for _, rule := range slack.Rules() {
		assert.NotEmpty(t, rule.Source, rule.Why)
		c, ok := cases[rule.Why]
		if !assert.True(t, ok, "a rule without a test: %s", rule.Why) {
			continue
		}
		delete(cases, rule.Why)
		t.Run(strings.ReplaceAll(rule.Why, " ", "_"), func(t *testing.T) {
			t.Parallel()
			a := c.broke(newDesk(t, slack.Options{}))
			require.Equal(t, false, a.obj["ok"], a.obj)
			require.Equal(t, c.code, a.error(), a.obj)
			require.Equal(t, rule.Why, a.header.Get("X-Sandbox-Rule"), "another rule answered")
		})
	}
	require.Empty(t, cases, "tests without a rule")
}

func TestRuleReasonsAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rule := range slack.Rules() {
		require.False(t, seen[rule.Why], rule.Why)
		seen[rule.Why] = true
	}
}

func breakTransport(breaks breaker) {
	breaks("the method exists", "unknown_method", calling("chat.shout", nil))
	breaks("the body arrives whole", "request_timeout", func(d *desk) answer { return d.halfABody() })
	breaks("a body says what it is", "missing_post_type", func(d *desk) answer {
		return d.do(d.request("auth.test", "", "token="+d.BotToken()))
	})
	breaks("a body is a form or JSON", "invalid_post_type", func(d *desk) answer {
		return d.do(d.request("auth.test", "application/xml", "<token/>"))
	})
	breaks("text is UTF-8 or ISO 8859-1", "invalid_charset", func(d *desk) answer {
		return d.do(d.request("auth.test", "application/json; charset=utf-16", "{}"))
	})
	breaks("a form can be parsed", "invalid_form_data", func(d *desk) answer { return d.do(d.request("auth.test", formType, "token=%zz")) })
	breaks("JSON can be parsed", "invalid_json", func(d *desk) answer { return d.do(d.request("auth.test", jsonType, "{")) })
	breaks("a JSON body is an object", "json_not_object", func(d *desk) answer { return d.do(d.request("auth.test", jsonType, "[]")) })

	breaks("a token in the URL is not read", "not_authed", func(d *desk) answer {
		return d.do(d.request("auth.test?token="+d.BotToken(), formType, "x=1"))
	})
	breaks("every call carries a token", "not_authed", func(d *desk) answer { return d.do(d.request("auth.test", formType, "x=1")) })
	breaks("the token is one of this workspace", "invalid_auth", func(d *desk) answer { return d.jsonAs("xoxb-other", "auth.test", obj{}) })
	breaks("header and body carry one token", "invalid_auth", func(d *desk) answer {
		r := d.request("auth.test", formType, "token="+d.AppToken())
		r.Header.Set("Authorization", "Bearer "+d.BotToken())
		return d.do(r)
	})
	breaks("sockets are opened with the app token", "not_allowed_token_type", func(d *desk) answer { return d.json("apps.connections.open", obj{}) })
	breaks("everything else is called with the bot token", "not_allowed_token_type", func(d *desk) answer {
		return d.jsonAs(d.AppToken(), "auth.test", obj{})
	})
	breaks("the app is installed and the token lives (SetAuthError names the code)", "token_revoked", func(d *desk) answer {
		d.RevokeToken()
		return d.form("auth.test", nil)
	})
	breaks("the token has the method's scopes", "missing_scope", calling("team.info", nil))
	breaks("each method has its calls a minute", "ratelimited", func(d *desk) answer { return d.limited("usergroups.list", nil, 20) })
	breaks("a channel takes one message a second", "ratelimited", func(d *desk) answer {
		return d.limited("chat.postMessage", obj{"channel": slack.Approvals, "text": "x"}, 1)
	})
	breaks("the required arguments are there; methods without JSON support do not see JSON", "invalid_arguments", func(d *desk) answer {
		return d.json("users.info", obj{"user": slack.Alice})
	})
}

// limited opens a desk of its own, with limits, and calls until one is hit.
func (d *desk) limited(method string, args obj, allowed int) answer {
	strict := newDesk(d.t, slack.Options{RateLimits: true})
	for range allowed {
		require.Equal(d.t, true, strict.form(method, args).obj["ok"])
	}
	a := strict.form(method, args)
	require.Equal(d.t, 429, a.status)
	require.NotEmpty(d.t, a.header.Get("Retry-After"))
	return a
}

const message = "hello"

func breakPlaces(breaks breaker) {
	to := func(channel string) obj {
		return obj{"channel": channel, "text": message, "user": slack.Alice, "ts": "1.000001"}
	}

	breaks("only chat.postMessage takes a user id for a channel", "channel_not_found", calling("chat.postEphemeral", to(slack.Alice)))
	breaks("a message to a person goes to a member who is not deactivated", "channel_not_found", calling("chat.postMessage", to(slack.Dee)))
	breaks("the conversation exists and the bot may know of it", "channel_not_found", calling("chat.postMessage", to(slack.AliceCarol)))
	breaks("the bot changes messages only where it is a member", "channel_not_found", calling("chat.update", to(slack.General)))
	breaks("the bot posts only where it is a member", "not_in_channel", calling("chat.postMessage", to(slack.General)))
	breaks("an archived channel takes no messages", "is_archived", func(d *desk) answer {
		d.Archive(slack.Approvals, true)
		return d.form("chat.postMessage", to(slack.Approvals))
	})
	breaks("messages of an archived channel stay as they are", "is_inactive", func(d *desk) answer {
		d.Archive(slack.Approvals, true)
		return d.form("chat.update", to(slack.Approvals))
	})
	breaks("the app's DM works while the Messages tab is on", "messages_tab_disabled", func(d *desk) answer {
		d.MessagesTab(false)
		return d.form("chat.postMessage", to(slack.Alice))
	})
	breaks("the bot may post in the channel", "restricted_action", func(d *desk) answer {
		d.Restrict(slack.Approvals, true)
		return d.form("chat.postMessage", to(slack.Approvals))
	})
	breaks("an ephemeral message goes to a member of the conversation", "user_not_in_channel", calling("chat.postEphemeral", obj{
		"channel": slack.Approvals, "user": slack.Carol, "text": message,
	}))
	breaks("a reply stands under a message of the conversation that is no reply itself", "cannot_reply_to_message", func(d *desk) answer {
		reply := d.ok("chat.postMessage", obj{"channel": slack.Approvals, "text": message, "thread_ts": d.card("a")}).obj["ts"]
		return d.form("chat.postMessage", obj{"channel": slack.Approvals, "text": message, "thread_ts": reply})
	})
	breaks("the message exists and is not ephemeral", "message_not_found", func(d *desk) answer {
		note := d.ok("chat.postEphemeral", to(slack.Approvals)).obj["message_ts"]
		return d.form("chat.update", obj{"channel": slack.Approvals, "ts": note, "text": message})
	})
	breaks("the bot edits its own messages", "cant_update_message", func(d *desk) answer { return d.form("chat.update", d.said()) })
	breaks("the bot deletes its own messages", "cant_delete_message", func(d *desk) answer { return d.form("chat.delete", d.said()) })
}

// said has Alice write in the approvers' channel, and names that message.
func (d *desk) said() obj {
	require.NoError(d.t, d.Say(slack.Alice, slack.Approvals, "morning"))
	return obj{"channel": slack.Approvals, "text": message, "ts": d.seen(slack.Alice, slack.Approvals).Messages[0].TS}
}

func breakMessages(breaks breaker) {
	post := func(args obj) func(*desk) answer {
		args["channel"], args["user"] = slack.Approvals, slack.Alice
		return calling("chat.postMessage", args)
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = obj{"text": "x"}
	}
	breaks("markdown_text comes without text and blocks", "markdown_text_conflict", post(obj{"text": message, "markdown_text": message}))
	breaks("blocks are a JSON array", "invalid_blocks_format", post(obj{"text": message, "blocks": `{"type":"divider"}`}))
	breaks("a message has text, blocks or attachments", "no_text", post(obj{"blocks": []any{}}))
	breaks("an edited text has at most 4000 characters", "msg_too_long", func(d *desk) answer {
		return d.form("chat.update", obj{"channel": slack.Approvals, "ts": d.card("a"), "text": strings.Repeat("é", 4001)})
	})
	breaks("the texts of a message's blocks have at most 10000 characters together", "msg_blocks_too_long", calling("chat.postMessage", obj{
		"channel": slack.Approvals, "text": "x", "blocks": []any{section(x(3000)), section(x(3000)), section(x(3000)), section(x(1001))},
	}))
	breaks("an ephemeral text has at most 4000 bytes", "msg_too_long", calling("chat.postEphemeral", obj{
		"channel": slack.Approvals, "user": slack.Alice, "text": strings.Repeat("é", 2001),
	}))
	breaks("blocks follow Block Kit", "invalid_blocks", post(obj{"text": message, "blocks": []any{section("")}}))
	breaks("attachments are a JSON array", "invalid_attachments", post(obj{"text": message, "attachments": "{}"}))
	breaks("a message has at most 100 attachments", "too_many_attachments", post(obj{"text": message, "attachments": many}))
	breaks("metadata is an object with event_type and event_payload", "invalid_metadata_format", post(obj{
		"text": message, "metadata": obj{"event_type": "request"},
	}))
	breaks("metadata is small", "metadata_too_large", post(obj{
		"text": message, "metadata": obj{"event_type": "request", "event_payload": obj{"x": strings.Repeat("x", 17000)}},
	}))
}

func breakPeople(breaks breaker) {
	open := func(users string) func(*desk) answer { return calling("conversations.open", obj{"users": users}) }

	breaks("only direct messages are opened", "method_not_supported_for_channel_type", calling("conversations.open", obj{"channel": slack.Approvals}))
	breaks("opening a conversation names a channel or users", "users_list_not_supplied", calling("conversations.open", nil))
	breaks("a conversation opens with at most 8 users", "too_many_users", open("U1,U2,U3,U4,U5,U6,U7,U8,U9"))
	breaks("a conversation of several people needs mpim:write", "missing_scope", open(slack.Alice+","+slack.Bob))
	breaks("the users to talk to exist", "user_not_found", open("U0NOBODY"))
	breaks("the users to talk to are not deactivated", "user_disabled", open(slack.Dee))
	breaks("the users to talk to are of this workspace", "user_not_visible", open(slack.Eve))
	breaks("limit is a number from 1 to 1000", "invalid_limit", calling("conversations.members", obj{"channel": slack.Approvals, "limit": "0"}))
	breaks("cursor is one this method gave out", "invalid_cursor", calling("conversations.members", obj{"channel": slack.Approvals, "cursor": "2"}))

	breaks("the user exists", "user_not_found", calling("users.info", obj{"user": "U0NOBODY"}))
	breaks("the bot may see the user", "user_not_visible", func(d *desk) answer {
		d.Hide(slack.Alice, true)
		return d.form("users.info", obj{"user": slack.Alice})
	})
	breaks("the bot exists", "bot_not_found", calling("bots.info", obj{"bot": "B0OTHER"}))
	breaks("user groups need a paid plan", "plan_upgrade_required", func(d *desk) answer {
		d.GroupsNeedUpgrade(true)
		return d.form("usergroups.users.list", obj{"usergroup": slack.Approvers})
	})
	breaks("the user group exists", "no_such_subteam", calling("usergroups.users.list", obj{"usergroup": "S0NONE"}))
	breaks("a disabled user group is shown to those who ask with include_disabled", "no_such_subteam", func(d *desk) answer {
		d.DisableGroup(slack.Approvers, true)
		return d.form("usergroups.users.list", obj{"usergroup": slack.Approvers})
	})
}

// triggered opens a view with a fresh trigger, after something happened.
func triggered(method string, view any, before func(*desk, *app)) func(*desk) answer {
	return func(d *desk) answer {
		a := d.connect(plainly)
		id := d.trigger(a)
		if before != nil {
			before(d, a)
		}
		return d.form(method, obj{"trigger_id": id, "view": view})
	}
}

// opens has Alice look at a modal already.
func opens(view obj) func(*desk, *app) {
	return func(d *desk, a *app) { d.ok("views.open", obj{"trigger_id": d.trigger(a), "view": view}) }
}

func breakViews(breaks breaker) {
	simple := modal(section("x"))
	named := modal(section("x"))
	named["external_id"] = "mine"

	breaks("a view has at most 250 kB", "view_too_large", calling("views.open", obj{"view": modal(section(strings.Repeat("x", 250_000)))}))
	breaks("the view is JSON", "invalid_arguments", calling("views.open", obj{"view": "{"}))
	breaks("a modal follows Block Kit", "invalid_arguments", calling("views.open", obj{"view": home(section("x"))}))
	breaks("a Home view follows Block Kit", "invalid_arguments", calling("views.publish", obj{"user_id": slack.Alice, "view": simple}))
	breaks("opening a view takes a trigger", "invalid_arguments", calling("views.open", obj{"view": simple}))
	breaks("Slack gave the trigger out", "invalid_trigger_id", calling("views.open", obj{"view": simple, "trigger_id": "1.2.3"}))
	breaks("a trigger opens one view", "exchanged_trigger_id", func(d *desk) answer {
		id := d.trigger(d.connect(plainly))
		d.ok("views.open", obj{"trigger_id": id, "view": simple})
		return d.form("views.open", obj{"trigger_id": id, "view": simple})
	})
	breaks("a trigger lives three seconds", "expired_trigger_id", triggered("views.open", simple, func(d *desk, _ *app) {
		d.clock.Advance(3*time.Second + time.Millisecond)
	}))
	breaks("a Home view is for a user of this workspace", "invalid_arguments", calling("views.publish", obj{"user_id": slack.Eve, "view": home(section("x"))}))
	breaks("the Home tab is on", "not_enabled", func(d *desk) answer {
		d.HomeTab(false)
		return d.form("views.publish", obj{"user_id": slack.Alice, "view": home(section("x"))})
	})
	breaks("the view to update is open", "not_found", calling("views.update", obj{"view_id": "V0NONE", "view": simple}))
	breaks("the hash is that of the view as it is now", "hash_conflict", func(d *desk) answer {
		opened := d.ok("views.open", obj{"trigger_id": d.trigger(d.connect(plainly)), "view": simple}).obj["view"].(obj)
		d.ok("views.update", obj{"view_id": opened["id"], "hash": opened["hash"], "view": simple})
		return d.form("views.update", obj{"view_id": opened["id"], "hash": opened["hash"], "view": simple})
	})
	breaks("an external_id names one view", "duplicate_external_id", triggered("views.open", named, opens(named)))
	breaks("a view is pushed on an open one", "not_found", triggered("views.push", simple, nil))
	breaks("at most three views are stacked", "push_limit_reached", triggered("views.push", simple, func(d *desk, a *app) {
		opens(simple)(d, a)
		for range 2 {
			d.ok("views.push", obj{"trigger_id": d.trigger(a), "view": simple})
		}
	}))
}
