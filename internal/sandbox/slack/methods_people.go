package slack

import (
	"fmt"
	"slices"
	"strconv"
)

// created is the creation time of the workspace and everything in it.
const created = 1700000000

func (w *Workspace) authTest(*call) obj {
	return obj{
		"url": w.base + "/", "team": "Sandbox", "user": "atlas-key-bot", "team_id": TeamID,
		"user_id": BotUser, "bot_id": BotID, "is_enterprise_install": false,
	}
}

func (w *Workspace) teamInfo(*call) obj {
	return obj{"team": obj{"id": TeamID, "name": "Sandbox", "domain": "sandbox", "email_domain": "", "icon": obj{"image_default": true}}}
}

func (w *Workspace) botInfo(*call) obj {
	return obj{"bot": obj{
		"id": BotID, "deleted": false, "name": w.opts.AppName, "updated": created,
		"app_id": AppID, "user_id": BotUser, "icons": obj{},
	}}
}

func (w *Workspace) userInfo(c *call) obj {
	if c.str("user") == BotUser {
		return obj{"user": w.account(&Person{ID: BotUser, Name: "atlas-key-bot", RealName: w.opts.AppName, TeamID: TeamID})}
	}
	return obj{"user": w.account(w.people[c.str("user")])}
}

// account is a person as users.info describes them. Slack leaves most of it
// out for people who were deactivated.
func (w *Workspace) account(p *Person) obj {
	bot := p.ID == BotUser
	o := obj{
		"id": p.ID, "team_id": p.TeamID, "name": p.Name, "deleted": p.Deleted, "profile": w.profile(p),
		"is_bot": bot, "is_app_user": false, "updated": created,
	}
	if p.Deleted {
		return o
	}
	more := obj{
		"real_name": p.RealName, "color": "9f69e7", "tz": "Europe/Dublin", "tz_label": "Greenwich Mean Time", "tz_offset": 0,
		"is_admin": false, "is_owner": false, "is_primary_owner": false,
		"is_restricted": p.Guest, "is_ultra_restricted": false,
		"is_email_confirmed": true, "who_can_share_contact_card": "EVERYONE", "locale": "en-US",
	}
	if p.stranger() {
		more["is_stranger"] = !w.meets(p.ID)
	}
	for name, value := range more {
		o[name] = value
	}
	return o
}

func (w *Workspace) profile(p *Person) obj {
	o := obj{
		"real_name": p.RealName, "real_name_normalized": p.RealName, "display_name": p.Name, "display_name_normalized": p.Name,
		"status_text": "", "status_emoji": "", "avatar_hash": "", "team": p.TeamID,
	}
	if p.ID == BotUser {
		o["api_app_id"], o["bot_id"], o["always_active"] = AppID, BotID, true
	}
	return o
}

// meets reports whether the bot shares a channel with a person.
func (w *Workspace) meets(user string) bool {
	for _, r := range w.rooms {
		if r.has(BotUser) && r.has(user) {
			return true
		}
	}
	return false
}

func (w *Workspace) groupList(c *call) obj {
	list := []any{}
	for _, id := range sorted(w.groups) {
		kept := w.groups[id]
		if kept.disabled && !c.is("include_disabled") {
			continue
		}
		deleted := 0
		if kept.disabled {
			deleted = created
		}
		g := obj{
			"id": id, "team_id": TeamID, "is_usergroup": true, "name": kept.handle, "handle": kept.handle,
			"description": "", "is_external": false, "date_create": created, "date_update": created, "date_delete": deleted,
			"auto_type": nil, "created_by": Alice, "updated_by": Alice, "deleted_by": nil,
			"prefs": obj{"channels": []any{}, "groups": []any{}},
		}
		if c.is("include_count") {
			g["user_count"] = strconv.Itoa(len(kept.users))
		}
		if c.is("include_users") {
			g["users"] = kept.users
		}
		list = append(list, g)
	}
	return obj{"usergroups": list}
}

// groupMembers lists all members of the group, including deactivated users, guests
// and external users, as Slack does.
func (w *Workspace) groupMembers(c *call) obj {
	all := w.groups[c.str("usergroup")].users
	if w.opts.GroupPage == 0 {
		return obj{"users": anyStrings(all)}
	}
	from, _ := c.offset()
	from = min(from, len(all))
	to, next := min(from+w.opts.GroupPage, len(all)), ""
	if to < len(all) {
		next = fmt.Sprintf("%s%d", cursorPrefix, to)
	}
	return obj{"users": anyStrings(all[from:to]), "response_metadata": obj{"next_cursor": next}}
}

func (w *Workspace) openConversation(c *call) obj {
	r := c.room()
	open := r != nil
	if !open {
		r = w.openAppRoom(c.users()[0])
		open = r != nil
	}
	if !open {
		r = w.appRoom(c.users()[0])
		w.changed()
	}
	answer := obj{"channel": obj{"id": r.id}}
	if open {
		answer["no_op"], answer["already_open"] = true, true
	}
	if c.is("return_im") {
		answer["channel"] = r.wire()
	}
	return answer
}

func (w *Workspace) conversationInfo(c *call) obj {
	o := c.room().wire()
	if c.is("include_num_members") {
		o["num_members"] = len(c.room().members)
	}
	return obj{"channel": o}
}

// conversationMembers pages: 100 at a time unless limit says otherwise.
func (w *Workspace) conversationMembers(c *call) obj {
	limit, err := strconv.Atoi(c.str("limit"))
	if err != nil {
		limit = 100
	}
	all := slices.Sorted(slices.Values(c.room().members))
	from, _ := c.offset()
	from = min(from, len(all))
	to := min(from+limit, len(all))
	next := ""
	if to < len(all) {
		next = fmt.Sprintf("%s%d", cursorPrefix, to)
	}
	return obj{"members": anyStrings(all[from:to]), "response_metadata": obj{"next_cursor": next}}
}

// wire is the conversation as conversations.info describes it.
func (r *room) wire() obj {
	if r.kind != KindChannel {
		return obj{
			"id": r.id, "created": created, "is_im": true, "is_org_shared": false, "user": r.owner, "last_read": "0000000000.000000",
			"latest": nil, "unread_count": 0, "unread_count_display": 0, "is_open": true, "priority": 0,
		}
	}
	teams := []any{TeamID}
	if r.shared {
		teams = append(teams, OtherTeam)
	}
	return obj{
		"id": r.id, "name": r.name, "name_normalized": r.name, "is_channel": true, "is_group": false, "is_im": false, "is_mpim": false,
		"is_private": r.private, "is_archived": r.archived, "is_general": r.id == General, "created": created, "updated": created * 1000,
		"creator": Alice, "unlinked": 0, "is_frozen": false, "is_member": r.has(BotUser), "context_team_id": TeamID, "parent_conversation": nil,
		"is_shared": r.shared, "is_ext_shared": r.shared, "is_org_shared": false, "is_pending_ext_shared": false,
		"pending_shared": []any{}, "pending_connected_team_ids": []any{}, "shared_team_ids": teams, "previous_names": []any{},
		"topic": obj{"value": "", "creator": "", "last_set": 0}, "purpose": obj{"value": "", "creator": "", "last_set": 0},
	}
}

func anyStrings(list []string) []any {
	items := make([]any, len(list))
	for i, s := range list {
		items[i] = s
	}
	return items
}
