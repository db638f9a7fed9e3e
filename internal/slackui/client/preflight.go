package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/slack-go/slack"

	"atlaskeybot/internal/approval/policy"
)

// What a preflight asks. Nothing here posts, opens or changes anything that a
// person could see, and every error holds an *[approval.CallError].

// TryAppToken asks Slack for the address of a Socket Mode connection and leaves
// it unused. It returns the app that the token is of, or nothing if Slack did
// not say. Only c's AppToken, APIURL and Transport matter.
func TryAppToken(ctx context.Context, c Config) (app string, err error) {
	client := &http.Client{Transport: answers{c.Transport}, Timeout: CallLimit, CheckRedirect: NoRedirects}
	_, address, err := NewAPI(c, client).StartSocketModeContext(ctx)
	if err != nil {
		return "", CallError(err)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", MalformedResponse("apps.connections.open")
	}
	return u.Query().Get("app_id"), nil
}

// An Install is what Slack says of the app's installation beyond what a bot needs.
type Install struct {
	AppID              string // empty if Slack doesn't say
	IsOrganizationWide bool   // into a whole organization of Enterprise Grid
}

// Install asks Slack how the app of the bot's own token is installed.
func (s *Slack) Install(ctx context.Context) (Install, error) {
	var said struct {
		slack.SlackResponse
		AppID               string `json:"app_id"`
		IsEnterpriseInstall bool   `json:"is_enterprise_install"`
	}
	err := s.call(ctx, "auth.test", url.Values{}, &said)
	if err == nil {
		err = said.Err()
	}
	if err != nil {
		return Install{}, fmt.Errorf("asking how the app is installed: %w", CallError(err))
	}
	return Install{AppID: said.AppID, IsOrganizationWide: said.IsEnterpriseInstall}, nil
}

// AppID is the app that the bot's own token is of, or nothing if Slack does not
// say: auth.test names it, or else the bot's own profile.
func (s *Slack) AppID(ctx context.Context) (string, error) {
	if is, err := s.Install(ctx); err == nil && is.AppID != "" {
		return is.AppID, nil
	}
	me, err := s.API.GetUserInfoContext(ctx, s.BotUser, slack.GetUserInfoOptionIncludeLocale(false))
	if err != nil {
		return "", fmt.Errorf("looking up the bot: %w", CallError(err))
	}
	return me.Profile.ApiAppID, nil
}

// SuperfluousScopes lists what the token may do although the bot never does it.
func (s *Slack) SuperfluousScopes() []string {
	var more []string
	for _, name := range s.Scopes {
		if !slices.ContainsFunc(Scopes, func(needed Scope) bool { return needed.Name == name }) {
			more = append(more, name)
		}
	}
	return more
}

// A UserGroup is one that Slack lists.
type UserGroup struct {
	Handle   string // as people write it, without the @
	Disabled bool
}

// UserGroups lists the workspace's user groups, the disabled ones too.
func (s *Slack) UserGroups(ctx context.Context) (map[policy.GroupID]UserGroup, error) {
	listed, err := s.API.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeDisabled(true))
	if err != nil {
		return nil, fmt.Errorf("listing the user groups: %w", CallError(err))
	}
	groups := map[policy.GroupID]UserGroup{}
	for _, g := range listed {
		groups[policy.GroupID(g.ID)] = UserGroup{Handle: g.Handle, Disabled: g.DateDelete != 0}
	}
	return groups, nil
}

const (
	memberPage  = 200 // what Slack recommends
	memberPages = 25  // a channel for approvers with more people than that is none
)

// ChannelMembers lists who is in a channel. Whole is false if the
// channel has more members than were asked for.
func (s *Slack) ChannelMembers(ctx context.Context, channel string) (members []policy.UserID, whole bool, err error) {
	ask := slack.GetUsersInConversationParameters{ChannelID: channel, Limit: memberPage}
	for range memberPages {
		users, next, err := s.API.GetUsersInConversationContext(ctx, &ask)
		if err != nil {
			return nil, false, fmt.Errorf("listing the members of %s: %w", channel, CallError(err))
		}
		for _, u := range users {
			members = append(members, policy.UserID(u))
		}
		if next == "" {
			return members, true, nil
		}
		ask.Cursor = next
	}
	return members, false, nil
}
