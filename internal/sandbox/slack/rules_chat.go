package slack

import (
	"strings"
	"unicode/utf8"
)

// Which methods a rule is for.
var (
	posting  = []string{"chat.postMessage", "chat.postEphemeral"}
	changing = []string{"chat.update", "chat.delete"}
	writing  = []string{"chat.postMessage", "chat.postEphemeral", "chat.update"}
	stored   = []string{"chat.postMessage", "chat.update"}
	byRoomID = []string{"chat.postEphemeral", "chat.update", "chat.delete", "conversations.info", "conversations.members", "conversations.open"}
	inRooms  = append([]string{"chat.postMessage"}, byRoomID...)
)

const (
	postLimit      = 40_000 // characters; the rest is cut off
	editLimit      = 4_000  // characters
	ephemeralLimit = 4_000  // bytes
	metadataLimit  = 16_384 // bytes; Slack does not say

	// blocksLimit is in characters. Slack does not say; it was seen to refuse
	// 11,341 and 13,200 (github.com/slackapi/bolt-js issues 2867 and 2509).
	blocksLimit = 10_000
)

// chatRules are about where a message goes.
var chatRules = []Rule{
	{"channel_not_found", "only chat.postMessage takes a user id for a channel", methodPage, byRoomID, func(c *call) bool {
		return looksLikeUser(c.str("channel"))
	}},
	{"channel_not_found", "a message to a person goes to a member who is not deactivated", guess, []string{"chat.postMessage"}, func(c *call) bool {
		p := c.w.people[c.str("channel")]
		return looksLikeUser(c.str("channel")) && (p == nil || p.Deleted || p.stranger())
	}},
	{"channel_not_found", "the conversation exists and the bot may know of it", methodPage, inRooms, func(c *call) bool {
		return c.has("channel") && !looksLikeUser(c.str("channel")) && c.room() == nil
	}},
	{"channel_not_found", "the bot changes messages only where it is a member", guess, changing, func(c *call) bool { return !c.room().has(BotUser) }},
	{"not_in_channel", "the bot posts only where it is a member", methodPage, posting, func(c *call) bool {
		return c.target() != nil && !c.target().has(BotUser)
	}},
	{"is_archived", "an archived channel takes no messages", methodPage, posting, func(c *call) bool {
		return c.target() != nil && c.target().archived
	}},
	{"is_inactive", "messages of an archived channel stay as they are", methodPage, []string{"chat.update"}, func(c *call) bool { return c.room().archived }},
	{"messages_tab_disabled", "the app's DM works while the Messages tab is on", methodPage, posting, func(c *call) bool {
		return c.w.tabOff && (c.target() == nil || c.target().kind == KindApp)
	}},
	{"restricted_action", "the bot may post in the channel", methodPage, posting, func(c *call) bool {
		return c.target() != nil && c.target().restricted
	}},
	{"user_not_in_channel", "an ephemeral message goes to a member of the conversation", methodPage, []string{"chat.postEphemeral"}, func(c *call) bool {
		p := c.w.people[c.str("user")]
		return p == nil || p.Deleted || !c.room().has(p.ID)
	}},
	{"cannot_reply_to_message", "a reply stands under a message of the conversation that is no reply itself", guess, posting, func(c *call) bool {
		if !c.has("thread_ts") {
			return false
		}
		r := c.target()
		if r == nil {
			return true
		}
		parent := r.find(c.str("thread_ts"))
		return parent == nil || parent.threadTS != "" && parent.threadTS != parent.ts
	}},
	{"message_not_found", "the message exists and is not ephemeral", methodPage, changing, func(c *call) bool { return c.room().find(c.str("ts")) == nil }},
	{"cant_update_message", "the bot edits its own messages", methodPage, []string{"chat.update"}, notItsOwn},
	{"cant_delete_message", "the bot deletes its own messages", methodPage, []string{"chat.delete"}, notItsOwn},
}

// messageRules are about what a message says.
var messageRules = []Rule{
	{"markdown_text_conflict", "markdown_text comes without text and blocks", methodPage, writing, func(c *call) bool {
		return c.has("markdown_text") && (c.has("text") || c.has("blocks"))
	}},
	{"invalid_blocks_format", "blocks are a JSON array", methodPage, writing, func(c *call) bool {
		if !c.has("blocks") {
			return false
		}
		v, ok := c.decode("blocks")
		_, array := v.([]any)
		return !ok || !array
	}},
	{"no_text", "a message has text, blocks or attachments", methodPage, writing, func(c *call) bool {
		attachments, _ := c.list("attachments")
		return c.text() == "" && len(c.blocks()) == 0 && len(attachments) == 0
	}},
	{"msg_too_long", "an edited text has at most 4000 characters", methodPage, []string{"chat.update"}, func(c *call) bool {
		return utf8.RuneCountInString(c.text()) > editLimit
	}},
	{"msg_too_long", "an ephemeral text has at most 4000 bytes", methodPage, []string{"chat.postEphemeral"}, func(c *call) bool {
		return len(c.text()) > ephemeralLimit
	}},
	{"invalid_blocks", "blocks follow Block Kit", blockPages, writing, func(c *call) bool {
		if c.has("blocks") {
			c.problems = checkBlocks(c.w.opts.AppName, anyList(c.blocks()))
		}
		return c.problems != nil
	}},
	{"msg_blocks_too_long", "the texts of a message's blocks have at most 10000 characters together", "slackapi/bolt-js issues 2509 and 2867", writing, func(c *call) bool {
		return textOf(c.blocks()) > blocksLimit
	}},
	{"invalid_attachments", "attachments are a JSON array", methodPage, writing, func(c *call) bool {
		_, ok := c.list("attachments")
		return !ok
	}},
	{"too_many_attachments", "a message has at most 100 attachments", methodPage, writing, func(c *call) bool {
		attachments, _ := c.list("attachments")
		return len(attachments) > 100
	}},
	{"invalid_metadata_format", "metadata is an object with event_type and event_payload", methodPage, stored, func(c *call) bool {
		return c.has("metadata") && !validMetadata(c)
	}},
	{"metadata_too_large", "metadata is small", guess, stored, func(c *call) bool {
		v, _ := c.decode("metadata")
		return len(encode(v)) > metadataLimit
	}},
}

// target is the conversation a message goes to; nil if that is an app DM that
// does not exist yet.
func (c *call) target() *room {
	if looksLikeUser(c.str("channel")) {
		return c.w.openAppRoom(c.str("channel"))
	}
	return c.room()
}

// textOf counts the characters of all texts in blocks.
func textOf(v any) int {
	sum := 0
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			sum += textOf(inner)
		}
	case obj:
		if text, ok := v["text"].(string); ok {
			sum += utf8.RuneCountInString(text)
		}
		for _, inner := range v {
			sum += textOf(inner)
		}
	}
	return sum
}

func (c *call) text() string {
	if c.has("markdown_text") {
		return c.str("markdown_text")
	}
	return c.str("text")
}

// list decodes an argument that is an array; none is fine.
func (c *call) list(name string) ([]any, bool) {
	if !c.has(name) {
		return nil, true
	}
	v, ok := c.decode(name)
	items, array := v.([]any)
	return items, ok && array
}

func (c *call) blocks() []any {
	items, _ := c.list("blocks")
	return items
}

func looksLikeUser(id string) bool { return strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") }

func notItsOwn(c *call) bool { return !c.room().find(c.str("ts")).bot }

func validMetadata(c *call) bool {
	v, ok := c.decode("metadata")
	o, object := v.(obj)
	kind, named := o["event_type"].(string)
	_, payload := o["event_payload"].(obj)
	return ok && object && named && kind != "" && payload
}

// anyList keeps an empty list a list: nil would look like no array at all.
func anyList(items []any) []any {
	if items == nil {
		return []any{}
	}
	return items
}
