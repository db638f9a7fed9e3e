package slack

import (
	"slices"
	"strconv"
	"strings"
)

var conversationRules = []Rule{
	{"method_not_supported_for_channel_type", "only direct messages are opened", methodPage, []string{"conversations.open"}, func(c *call) bool {
		r := c.room()
		return r != nil && r.kind == KindChannel
	}},
	{"users_list_not_supplied", "opening a conversation names a channel or users", methodPage, []string{"conversations.open"}, func(c *call) bool {
		return !c.has("channel") && len(c.users()) == 0
	}},
	{"too_many_users", "a conversation opens with at most 8 users", methodPage, []string{"conversations.open"}, func(c *call) bool { return len(c.users()) > 8 }},
	{"missing_scope", "a conversation of several people needs mpim:write", methodPage, []string{"conversations.open"}, func(c *call) bool {
		if len(c.users()) < 2 {
			return false
		}
		c.needed = []string{"mpim:write"}
		return true
	}},
	{"user_not_found", "the users to talk to exist", methodPage, []string{"conversations.open"}, each(func(c *call, p *Person) bool { return p == nil })},
	{"user_disabled", "the users to talk to are not deactivated", methodPage, []string{"conversations.open"}, each(func(c *call, p *Person) bool { return p.Deleted })},
	{"user_not_visible", "the users to talk to are of this workspace", methodPage, []string{"conversations.open"}, each(func(c *call, p *Person) bool {
		return p.stranger() || c.w.hidden[p.ID]
	})},
	{"invalid_limit", "limit is a number from 1 to 1000", methodPage, []string{"conversations.members"}, func(c *call) bool {
		n, err := strconv.Atoi(c.str("limit"))
		return c.has("limit") && (err != nil || n < 1 || n > 1000)
	}},
	{"invalid_cursor", "cursor is one this method gave out", methodPage, []string{"conversations.members", "usergroups.users.list"}, func(c *call) bool {
		_, ok := c.offset()
		return !ok
	}},
}

var peopleRules = []Rule{
	{"user_not_found", "the user exists", methodPage, []string{"users.info"}, func(c *call) bool {
		return c.w.people[c.str("user")] == nil && c.str("user") != BotUser
	}},
	{"user_not_visible", "the bot may see the user", methodPage, []string{"users.info"}, func(c *call) bool { return c.w.hidden[c.str("user")] }},
	{"bot_not_found", "the bot exists", methodPage, []string{"bots.info"}, func(c *call) bool { return c.has("bot") && c.str("bot") != BotID }},
	{"plan_upgrade_required", "user groups need a paid plan", methodPage, []string{"usergroups.list", "usergroups.users.list"}, func(c *call) bool { return c.w.noGroups }},
	{"no_such_subteam", "the user group exists", methodPage, []string{"usergroups.users.list"}, func(c *call) bool {
		return c.w.groups[c.str("usergroup")] == nil
	}},
	{"no_such_subteam", "a disabled user group is shown to those who ask with include_disabled", guess, []string{"usergroups.users.list"}, func(c *call) bool {
		return c.w.groups[c.str("usergroup")].disabled && !c.is("include_disabled")
	}},
}

// each makes a rule about each of the users a call names.
func each(broken func(*call, *Person) bool) func(*call) bool {
	return func(c *call) bool {
		return slices.ContainsFunc(c.users(), func(id string) bool { return broken(c, c.w.people[id]) })
	}
}

// users are the ids of a comma list.
func (c *call) users() []string {
	return strings.FieldsFunc(c.str("users"), func(r rune) bool { return r == ',' || r == ' ' })
}

const cursorPrefix = "member:"

// offset is where a page starts.
func (c *call) offset() (int, bool) {
	if !c.has("cursor") {
		return 0, true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(c.str("cursor"), cursorPrefix))
	return n, err == nil && n >= 0 && strings.HasPrefix(c.str("cursor"), cursorPrefix)
}
