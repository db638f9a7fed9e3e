package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

func (d *desk) account(user string) obj {
	d.t.Helper()
	return d.ok("users.info", obj{"user": user}).obj["user"].(obj)
}

func TestUsersInfo(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	require.Equal(t, false, d.account(slack.Alice)["deleted"])
	require.Equal(t, false, d.account(slack.Alice)["is_restricted"])
	require.NotContains(t, d.account(slack.Alice), "is_stranger")
	require.Equal(t, true, d.account(slack.Gil)["is_restricted"])
	require.Equal(t, true, d.account(slack.Dee)["deleted"])
	require.Equal(t, true, d.account(slack.BotUser)["is_bot"])
	require.Equal(t, slack.OtherTeam, d.account(slack.Eve)["team_id"])
	require.Equal(t, true, d.account(slack.Eve)["is_stranger"])
	d.ShareChannel(slack.Approvals, true)
	require.Equal(t, false, d.account(slack.Eve)["is_stranger"], "that does not make her one of us")

	d.SetGuest(slack.Alice, true)
	require.Equal(t, true, d.account(slack.Alice)["is_restricted"])
	d.Deactivate(slack.Alice)
	require.Equal(t, true, d.account(slack.Alice)["deleted"])
	d.Reactivate(slack.Alice)
	require.Equal(t, false, d.account(slack.Alice)["deleted"])
	d.Hide(slack.Alice, true)
	d.Hide(slack.Alice, false)
	d.account(slack.Alice)
}

func TestChannels(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	info := func() obj {
		return d.ok("conversations.info", obj{"channel": slack.Approvals, "include_num_members": true}).obj["channel"].(obj)
	}
	got := info()
	for name, want := range map[string]any{"is_ext_shared": false, "is_private": false, "is_archived": false, "is_member": true, "name": "atlas-approvals", "num_members": 4.0} {
		require.Equal(t, want, got[name], name)
	}
	d.ShareChannel(slack.Approvals, true)
	d.Archive(slack.Approvals, true)
	got = info()
	require.Equal(t, true, got["is_ext_shared"])
	require.Equal(t, true, got["is_archived"])
	require.Equal(t, []any{slack.TeamID, slack.OtherTeam}, got["shared_team_ids"])

	d.RemoveBotFromChannel(slack.Approvals)
	require.Equal(t, false, info()["is_member"])
	d.SetPrivate(slack.Approvals, true)
	d.SetScopes("groups:read")
	require.Equal(t, "channel_not_found", d.form("conversations.info", obj{"channel": slack.Approvals}).error())
	d.AddBotToChannel(slack.Approvals)
	require.Equal(t, true, info()["is_private"])
}

func TestMemberPages(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	first := d.ok("conversations.members", obj{"channel": slack.Approvals, "limit": "3"}).obj
	require.Equal(t, []any{slack.Alice, slack.Bob, slack.BotUser}, first["members"])
	cursor := first["response_metadata"].(obj)["next_cursor"].(string)
	second := d.ok("conversations.members", obj{"channel": slack.Approvals, "limit": "3", "cursor": cursor}).obj
	require.Equal(t, []any{slack.Dana}, second["members"])
	require.Empty(t, second["response_metadata"].(obj)["next_cursor"])
}

func TestGroups(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	members := func() any { return d.ok("usergroups.users.list", obj{"usergroup": slack.Approvers}).obj["users"] }
	require.Equal(t, []any{slack.Bob, slack.Dana}, members())
	d.Deactivate(slack.Bob)
	require.Equal(t, []any{slack.Bob, slack.Dana}, members(), "groups keep listing people who left")
	d.SetGroup(slack.Approvers, slack.Eve, slack.Gil)
	require.Equal(t, []any{slack.Eve, slack.Gil}, members())
	group := d.ok("usergroups.list", obj{"include_users": true, "include_count": true}).obj["usergroups"].([]any)[0].(obj)
	require.Equal(t, "atlas-approvers", group["handle"])
	require.Equal(t, []any{slack.Eve, slack.Gil}, group["users"])
	require.Equal(t, "2", group["user_count"])

	d.NameGroup("S0FINANCE", "finance")
	d.SetGroup("S0FINANCE", slack.Carol)
	require.Equal(t, []slack.Group{
		{ID: slack.Approvers, Handle: "atlas-approvers", Users: []string{slack.Eve, slack.Gil}},
		{ID: "S0FINANCE", Handle: "finance", Users: []string{slack.Carol}},
	}, d.Groups())
	d.DisableGroup(slack.Approvers, true)
	require.Len(t, d.ok("usergroups.list", nil).obj["usergroups"], 1)
	disabled := d.ok("usergroups.list", obj{"include_disabled": true}).obj["usergroups"].([]any)[0].(obj)
	require.NotZero(t, disabled["date_delete"])
	require.Equal(t, []any{slack.Eve, slack.Gil}, d.ok("usergroups.users.list", obj{"usergroup": slack.Approvers, "include_disabled": true}).obj["users"])
	d.DisableGroup(slack.Approvers, false)
	members()

	d.GroupsNeedUpgrade(true)
	require.Equal(t, "plan_upgrade_required", d.form("usergroups.list", nil).error())
	d.GroupsNeedUpgrade(false)
	members()
}

func TestAppDMOpensOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	first := d.ok("conversations.open", obj{"users": slack.Alice}).obj
	require.NotContains(t, first, "already_open")
	again := d.ok("conversations.open", obj{"users": slack.Alice}).obj
	require.Equal(t, true, again["already_open"])
	require.Equal(t, first["channel"], again["channel"])
	byID := d.ok("conversations.open", obj{"channel": slack.AppDM(slack.Alice)}).obj
	require.Equal(t, first["channel"], byID["channel"])
	posted := d.ok("chat.postMessage", obj{"channel": slack.Alice, "text": "x"}).obj
	require.Equal(t, slack.AppDM(slack.Alice), posted["channel"])
	require.Equal(t, slack.KindApp, d.seen(slack.Alice, slack.AppDM(slack.Alice)).Kind)
	require.Equal(t, "messages_tab_disabled", func() string {
		d.MessagesTab(false)
		return d.form("chat.postMessage", obj{"channel": slack.Bob, "text": "x"}).error()
	}())
}

func TestUpdateKeepsMetadata(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	ts := d.ok("chat.postMessage", obj{
		"channel": slack.Approvals, "text": "one", "blocks": []any{buttons("a")}, "metadata": obj{"event_type": "request", "event_payload": obj{"id": "r1"}},
	}).obj["ts"].(string)
	got := d.ok("chat.update", obj{"channel": slack.Approvals, "ts": ts, "text": "two"}).obj
	require.Equal(t, "two", got["text"])
	message := got["message"].(obj)
	require.NotContains(t, message, "blocks", "text alone drops the old blocks")
	require.Contains(t, message, "metadata")
	d.ok("chat.delete", obj{"channel": slack.Approvals, "ts": ts})
	require.Empty(t, d.seen(slack.Bob, slack.Approvals).Messages)
}

func TestGroupPages(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{GroupPage: 1})
	d.SetGroup(slack.Approvers, slack.Bob, slack.Dana)
	first := d.ok("usergroups.users.list", obj{"usergroup": slack.Approvers}).obj
	require.Equal(t, []any{slack.Bob}, first["users"])
	next := first["response_metadata"].(obj)["next_cursor"]
	second := d.ok("usergroups.users.list", obj{"usergroup": slack.Approvers, "cursor": next}).obj
	require.Equal(t, []any{slack.Dana}, second["users"])
	require.Equal(t, "", second["response_metadata"].(obj)["next_cursor"])
	require.Equal(t, "invalid_cursor", d.form("usergroups.users.list", obj{"usergroup": slack.Approvers, "cursor": "else"}).error())
}
