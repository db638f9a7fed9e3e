package preflight

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/config"
	"atlaskeybot/internal/slackui/client"
)

// slack makes every check of the app and its workspace.
func (c *checker) slack(ctx context.Context) {
	c.runProbes(ctx, slackProbes)
	if _, err := c.outcome(); c.starting && err != nil {
		return
	}
	if c.workspace == nil && !c.stopped {
		c.stop(needsBotToken)
	}
	c.forEachOrganization(ctx, slackOrgProbes)
}

const needsBotToken = "SLACK_BOT_TOKEN has to work first."

// reachSlack calls Slack without any credential.
func (c *checker) reachSlack(ctx context.Context) {
	if config.CheckSlackURL(c.config.SlackAPIURL) != nil {
		c.stop("SLACK_API_URL has to be corrected first.")
		c.skip(c.stopReason, "slack connection", "slack clock")
		return
	}
	if !c.reach(ctx, "slack", "SLACK_API_URL", c.config.SlackAPIURL+"api.test") {
		c.stop("Slack was not reached.")
	}
}

// appSettings reports what Slack shows to the owner of the app alone. Posting would
// show one of them, and a preflight does not write to people.
func (c *checker) appSettings(context.Context) {
	c.unknown("messages tab", "Only a message to a person shows whether the bot can write to people: Slack then answers messages_tab_disabled.",
		"At api.slack.com/apps, App Home, see that the Messages Tab is on; the app manifest ('atlas-key-bot manifest') has it on.")
	hint := fmt.Sprintf("At api.slack.com/apps, App Manifest, compare with 'atlas-key-bot manifest'; the command is %s", c.config.SlackCommand)
	if c.config.SlackAppToken.IsZero() {
		hint += ", and Socket Mode has to be off, or else Slack never calls"
	}
	c.unknown("slash command", "Slack does not tell a bot which commands its app has, nor whether interactivity is on.", hint+".")
}

func (c *checker) slackConfig() client.Config {
	return client.Config{
		Token: c.config.SlackBotToken, AppToken: c.config.SlackAppToken, SigningSecret: c.config.SlackSigningSecret,
		APIURL: c.config.SlackAPIURL, Channels: c.config.Channels(), KeysPages: c.config.KeysPages(), Command: c.config.SlackCommand,
		Log: slog.New(slog.DiscardHandler), Now: c.now, Transport: c.config.Proxy.Transport(), Proxy: c.config.Proxy,
	}
}

const reinstall = "At api.slack.com/apps, install the app into the workspace again and copy the Bot User OAuth Token."

// botToken connects to the workspace.
func (c *checker) botToken(ctx context.Context) {
	const check = "slack bot token"
	if !strings.HasPrefix(c.config.SlackBotToken.Reveal(), "xoxb-") {
		c.skip("SLACK_BOT_TOKEN has to be corrected first.", check)
		return
	}
	s, err := c.connectSlack(ctx)
	c.cause = err
	switch code := codeOf(err); {
	case err == nil:
		c.workspace = s
		c.installation(ctx)
	case code == "invalid_auth":
		c.bad(check, "Slack does not know SLACK_BOT_TOKEN.", "Copy the Bot User OAuth Token from OAuth & Permissions again, whole.")
	case code == "token_revoked":
		c.bad(check, "SLACK_BOT_TOKEN was revoked.", reinstall)
	case code == "account_inactive":
		c.bad(check, "The app was removed from the workspace, or its bot deactivated.", reinstall)
	case code == "token_expired":
		c.bad(check, "SLACK_BOT_TOKEN has expired: the app has token rotation on, which cannot be switched off.", "Make the app anew from 'atlas-key-bot manifest', which has it off.")
	case code == "not_allowed_token_type":
		c.bad(check, "SLACK_BOT_TOKEN is not the token of a bot.", "Copy the Bot User OAuth Token from OAuth & Permissions.")
	default:
		c.refusal(check, "SLACK_BOT_TOKEN", err)
	}
}

// installation warns of an app that is installed for more than one workspace. The
// start does not ask: the bot works all the same.
func (c *checker) installation(ctx context.Context) {
	const check = "slack bot token"
	if c.starting {
		return
	}
	if is, err := c.workspace.Install(ctx); err == nil && is.IsOrganizationWide {
		c.warn(check, "Slack accepts it, but the app is installed into a whole organization of Enterprise Grid, and the bot serves one workspace.", "At api.slack.com/apps, install the app into one workspace and copy that Bot User OAuth Token.")
		return
	}
	c.ok(check, fmt.Sprintf("Slack accepts it: %s in workspace %s, %s", c.workspace.BotUser, c.workspace.Team, c.workspace.URL))
}

// refusal reports an answer of Slack that has no text of its own. An answer that is
// not a clear refusal leaves the check unknown.
func (c *checker) refusal(check, what string, err error) {
	f, _ := errors.AsType[*approval.CallError](err)
	switch {
	case f == nil || f.Code == "" || f.Code == "unclear_answer":
		c.unknown(check, "Slack's answer did not arrive or is not one of Slack.", "Try again; if it stays so, look at status.slack.com and at proxies.")
	case f.Class != approval.Permanent:
		c.unknown(check, "Slack cannot answer now ("+f.Code+").", "Try again in a minute.")
	case f.Code == "missing_scope":
		c.unknown(check, "The bot token lacks a scope for it.", "Add the scopes named under slack scopes.")
	default:
		c.bad(check, fmt.Sprintf("Slack refuses %s with %s.", what, f.Code), "Look the code up at docs.slack.dev.")
	}
}

func codeOf(err error) string {
	if f, ok := errors.AsType[*approval.CallError](err); ok {
		return f.Code
	}
	return ""
}

func (c *checker) scopes(context.Context) {
	const check = "slack scopes"
	s := c.workspace
	if s == nil {
		c.skip(needsBotToken, check)
		return
	}
	missing, more := s.MissingScopes(), s.SuperfluousScopes()
	switch {
	case len(s.Scopes) == 0:
		c.unknown(check, "Slack did not say which scopes the bot token has.", "Compare OAuth & Permissions with 'atlas-key-bot manifest'.")
	case len(missing) > 0:
		c.bad(check, "The bot token lacks "+strings.Join(missing, ", ")+".", "At api.slack.com/apps, OAuth & Permissions, add them and install the app again.")
	case len(more) > 0:
		c.warn(check, "The bot token may do more than the bot ever does: "+strings.Join(more, ", ")+".", "At api.slack.com/apps, OAuth & Permissions, take them away and install the app again.")
	default:
		c.ok(check, "The bot token has the scopes that the bot needs, and no more.")
	}
}

// transportCheck returns the name of the check of the transport. Socket Mode wins,
// as it does when the bot runs.
func (c *checker) transportCheck() string {
	if c.config.SlackAppToken.IsZero() {
		return "slack signing secret"
	}
	return "slack app token"
}

func (c *checker) transport(ctx context.Context) {
	if c.config.SlackAppToken.IsZero() {
		c.signingSecret()
		return
	}
	c.appToken(ctx)
}

func (c *checker) signingSecret() {
	const check = "slack signing secret"
	switch secret := c.config.SlackSigningSecret; {
	case secret.IsZero():
		c.skip("SLACK_APP_TOKEN or SLACK_SIGNING_SECRET has to be set first.", check)
	case !config.IsSigningSecret(config.Value(c.environ, "SLACK_SIGNING_SECRET")): // as it was given
		c.bad(check, "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f.", "Copy it from Basic Information, App Credentials, Signing Secret.")
	default:
		c.ok(check, "It looks like one. Whether it is this app's shows with Slack's first request.")
	}
}

// appToken asks for a Socket Mode connection and does not open it.
func (c *checker) appToken(ctx context.Context) {
	const check, where = "slack app token", "Make one at api.slack.com/apps, Basic Information, App-Level Tokens, with the scope connections:write."
	if !strings.HasPrefix(c.config.SlackAppToken.Reveal(), "xapp-") {
		c.skip("SLACK_APP_TOKEN has to be corrected first.", check)
		return
	}
	app, err := client.TryAppToken(ctx, c.slackConfig())
	switch code := codeOf(err); {
	case err == nil:
		c.sameApp(ctx, app)
	case code == "missing_scope" || code == "no_permission":
		c.bad(check, "SLACK_APP_TOKEN lacks the scope connections:write.", where)
	case code == "not_allowed_token_type":
		c.bad(check, "SLACK_APP_TOKEN is not an app-level token.", where)
	case code == "invalid_auth" || code == "token_revoked" || code == "not_authed":
		c.bad(check, "Slack does not know SLACK_APP_TOKEN, or it was revoked.", where)
	case code == "account_inactive":
		c.bad(check, "The app of SLACK_APP_TOKEN is not installed.", reinstall)
	default:
		c.refusal(check, "SLACK_APP_TOKEN", err)
	}
}

// sameApp finds tokens of two apps, with which the bot would post as one app and
// receive the deliveries of the other.
func (c *checker) sameApp(ctx context.Context, app string) {
	const check = "slack app token"
	own := ""
	if c.workspace != nil {
		own, _ = c.workspace.AppID(ctx) // without an answer nothing can be compared
	}
	if own != "" && app != "" && own != app {
		c.bad(check, fmt.Sprintf("SLACK_APP_TOKEN is of app %s, SLACK_BOT_TOKEN of app %s.", app, own), "Copy both from the same app at api.slack.com/apps.")
		return
	}
	c.ok(check, "Slack offers a Socket Mode connection for it.")
}

func (c *checker) channel(ctx context.Context) {
	const check = "approvals channel"
	if !config.IsChannelID(c.org.Channel) {
		c.skip(c.org.ChannelVariable+" has to be corrected first.", check)
		return
	}
	err := c.checkChannel(ctx, c.org.Channel)
	c.cause = err
	if wrong, ok := errors.AsType[*client.ChannelError](err); ok {
		message, hint, _ := strings.Cut(wrong.Problem, "; ") // the problem, and what to do
		c.bad(check, "Channel "+wrong.Channel+": "+message+".", sentence(hint))
		return
	}
	if err != nil {
		c.refusal(check, "to tell about channel "+c.org.Channel, err)
		return
	}
	c.ok(check, c.org.Channel+" is there, is not shared with another company, and the bot is a member.")
}

// checkChannel asks Slack about each channel once: organizations may share one.
func (c *checker) checkChannel(ctx context.Context, id string) error {
	err, asked := c.channels[id]
	if !asked {
		err = c.workspace.CheckChannel(ctx, id)
		if c.channels == nil {
			c.channels = map[string]error{}
		}
		c.channels[id] = err
	}
	return err
}
