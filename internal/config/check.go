package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	channelID  = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)
	approverID = regexp.MustCompile(`^[UWS][A-Z0-9]{2,}$`)
	orgID      = regexp.MustCompile(`^[a-f0-9]{24}$`)
	command    = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)

	signingSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// IsChannelID reports whether s is the ID of a Slack channel.
func IsChannelID(s string) bool { return channelID.MatchString(s) }

// IsApproverID reports whether s is the ID of a Slack user or user group.
func IsApproverID(s string) bool { return approverID.MatchString(s) }

// IsOrgID reports whether s is the ID of an Atlas organization.
func IsOrgID(s string) bool { return orgID.MatchString(s) }

// IsCommand reports whether s can be the name of a slash command.
func IsCommand(s string) bool { return command.MatchString(s) }

// IsSigningSecret reports whether s looks like a signing secret.
func IsSigningSecret(s string) bool { return signingSecret.MatchString(s) }

// check validates the values that were given.
func (c Config) check() []error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	c.checkSlack(wrong)
	c.checkHost(wrong)
	for name, err := range map[string]error{"ATLAS_BASE_URL": CheckAtlasURL(c.AtlasBaseURL), "SLACK_API_URL": CheckSlackURL(c.SlackAPIURL)} {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err)) // not repeated: it may hold a password
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errs
}

func (c Config) checkSlack(wrong func(bool, string, ...any)) {
	bot, app := c.SlackBotToken.Reveal(), c.SlackAppToken.Reveal()
	wrong(bot != "" && !strings.HasPrefix(bot, "xoxb-"), "SLACK_BOT_TOKEN is not a bot token: it starts with xoxb- (OAuth & Permissions, Bot User OAuth Token)")
	wrong(app != "" && !strings.HasPrefix(app, "xapp-"), "SLACK_APP_TOKEN is not an app-level token: it starts with xapp- (Basic Information, App-Level Tokens)")
	wrong(app == "" && c.SlackSigningSecret.IsZero(), "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)")
	secret := c.SlackSigningSecret.Reveal()
	wrong(app == "" && secret != "" && !IsSigningSecret(secret), "SLACK_SIGNING_SECRET does not look like one: 32 digits and letters a to f (Basic Information, App Credentials, Signing Secret)")
	wrong(!IsCommand(c.SlackCommand), "SLACK_COMMAND is %q: a slash and up to 31 lower-case letters, digits, - and _", c.SlackCommand)
}

func (c Config) checkHost(wrong func(bool, string, ...any)) {
	wrong(!strings.HasPrefix(c.DatabaseURL, "sqlite:"), "DATABASE_URL is of a kind that this build does not know: use sqlite:PATH")
	_, err := netip.ParseAddrPort(c.Listen)
	wrong(err != nil, "LISTEN is %q: an IP address and a port, like 127.0.0.1:8080 or 0.0.0.0:8080", c.Listen)
	wrong(c.LogFormat != "json" && c.LogFormat != "text", "LOG_FORMAT is %q: json or text", c.LogFormat)
	_, known := levels[c.LogLevel]
	wrong(!known, "LOG_LEVEL is %q: debug, info, warn or error", c.LogLevel)
}

// CheckAtlasURL refuses a URL with a path: the calls have paths of their own.
func CheckAtlasURL(s string) error {
	if err := CheckURL(s); err != nil {
		return err
	}
	if u, _ := url.Parse(s); u.Path != "" && u.Path != "/" {
		return errors.New("it may hold no path: it is the address alone, as in https://cloud.mongodb.com")
	}
	return nil
}

// CheckSlackURL refuses a URL that is not the root of Slack's Web API.
func CheckSlackURL(s string) error {
	if err := CheckURL(s); err != nil {
		return err
	}
	if u, _ := url.Parse(s); u.Path != "/api/" {
		return errors.New("it ends in a slash, after the path of the Web API and nothing else, as in https://slack.com/api/")
	}
	return nil
}

// CheckURL refuses a URL to which a secret would be sent unencrypted.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New("it is not a URL")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(s, "#"):
		return errors.New("it may hold no user, no query and no fragment")
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("it must be https, or the sandbox on this machine")
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
