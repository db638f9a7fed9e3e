package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/secret"
)

// Config is everything the bot reads from its environment, and the only place
// that does. TestEnvExample keeps .env.example in step with it. Required means
// that there is no default: what must be chosen is chosen.
type Config struct {
	// SlackBotToken is the bot user's token, xoxb-….
	SlackBotToken secret.Secret `env:"SLACK_BOT_TOKEN,required,notEmpty,unset"`

	// SlackAppToken, xapp-…, opens Socket Mode. Without it Slack calls us, and
	// SlackSigningSecret proves that it is Slack who calls.
	SlackAppToken      secret.Secret `env:"SLACK_APP_TOKEN,unset"`
	SlackSigningSecret secret.Secret `env:"SLACK_SIGNING_SECRET,unset"`

	// SlackApprovalChannel is the ID of the channel that approvers watch.
	SlackApprovalChannel string `env:"SLACK_APPROVAL_CHANNEL,required,notEmpty"`

	// SlackApprovers are user IDs (U…, W…) and user group IDs (S…).
	SlackApprovers []string `env:"SLACK_APPROVERS,required,notEmpty"`

	// SlackAPIURL points at the sandbox in development. It ends in a slash.
	SlackAPIURL string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/"`

	// SlackCommand is the slash command, as the app's manifest has it.
	SlackCommand string `env:"SLACK_COMMAND" envDefault:"/atlas-key"`

	// AtlasOrgID, AtlasPublicKey and AtlasPrivateKey are the bot's own
	// credential: an API key of that organization with the role Organization
	// Owner, which is what Atlas wants of whoever makes keys.
	AtlasOrgID      string        `env:"ATLAS_ORG_ID,required,notEmpty"`
	AtlasPublicKey  string        `env:"ATLAS_PUBLIC_KEY,required,notEmpty"`
	AtlasPrivateKey secret.Secret `env:"ATLAS_PRIVATE_KEY,required,notEmpty,unset"`
	AtlasBaseURL    string        `env:"ATLAS_BASE_URL" envDefault:"https://cloud.mongodb.com"`

	// DatabaseURL is sqlite:PATH. The directory must exist.
	DatabaseURL string `env:"DATABASE_URL" envDefault:"sqlite:atlas-key-bot.db"`

	// Listen is where /healthz, /readyz and, in HTTP mode, Slack's requests
	// arrive.
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:8080"`

	// LogFormat is json or text, LogLevel debug, info, warn or error.
	LogFormat string `env:"LOG_FORMAT" envDefault:"json"`
	LogLevel  string `env:"LOG_LEVEL" envDefault:"info"`

	// AllowedRoles are the organization roles that may be asked for.
	AllowedRoles []string `env:"ALLOWED_ROLES" envDefault:"ORG_MEMBER,ORG_READ_ONLY,ORG_BILLING_READ_ONLY,ORG_GROUP_CREATOR,ORG_STREAM_PROCESSING_ADMIN,ORG_BILLING_ADMIN"`

	// Lifetimes are the choices people have, in hours or days.
	Lifetimes []span `env:"LIFETIMES" envDefault:"8h,24h,7d,30d,90d"`

	// WidestIPv4 and WidestIPv6 are the widest networks that a key may be used
	// from.
	WidestIPv4 mask `env:"WIDEST_IPV4" envDefault:"/24"`
	WidestIPv6 mask `env:"WIDEST_IPV6" envDefault:"/64"`

	// MaxEntries bounds the addresses and blocks on one key's access list.
	MaxEntries int `env:"MAX_ENTRIES" envDefault:"20"`

	// PendingLapsesAfter, CollectWithin and ConfirmWithin bound the waits for a
	// decision, for the first press of "Create my key", and for "I saved it".
	PendingLapsesAfter span `env:"PENDING_LAPSES_AFTER" envDefault:"24h"`
	CollectWithin      span `env:"COLLECT_WITHIN" envDefault:"24h"`
	ConfirmWithin      span `env:"CONFIRM_WITHIN" envDefault:"1h"`

	// RemindBeforeEnd is how long before its end the owner of a key is told, and
	// RotateOverlap how long a key stays once its successor is saved.
	RemindBeforeEnd []span `env:"REMIND_BEFORE_END" envDefault:"24h,1h"`
	RotateOverlap   span   `env:"ROTATE_OVERLAP" envDefault:"24h"`

	// AllowSelfApproval lets an approver decide on their own request: for a
	// one-person try. Every card says so.
	AllowSelfApproval bool `env:"ALLOW_SELF_APPROVAL" envDefault:"false"`
}

// readConfig reads and checks environ. All problems come at once, in the
// operator's names: an operator should restart once.
func readConfig(environ map[string]string) (Config, error) {
	var c Config
	errs := inOperatorsNames(env.ParseWithOptions(&c, env.Options{Environment: environ}))
	return c, errors.Join(withoutCredentials(append(errs, c.check(environ)...))...)
}

// credential is what Slack's tokens and signing secrets and Atlas's private keys
// look like.
var credential = regexp.MustCompile(`(?i)\bxox[a-z.]*-[\w-]+|\bxapp-[\w-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}`)

// withoutCredentials hides what somebody pasted into the wrong variable: the
// problem quotes the value, and it is read by whoever reads logs.
func withoutCredentials(errs []error) []error {
	for i, err := range errs {
		if text := err.Error(); credential.MatchString(text) {
			errs[i] = errors.New(credential.ReplaceAllString(text, "[redacted]"))
		}
	}
	return errs
}

// inOperatorsNames turns env's errors, which name fields, into sentences that
// name variables.
func inOperatorsNames(err error) []error {
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		if err == nil {
			return nil
		}
		return []error{err}
	}
	var errs []error
	for _, e := range all.Errors {
		if missing, ok := errors.AsType[env.VarIsNotSetError](e); ok {
			errs = append(errs, fmt.Errorf("%s is not set", missing.Key))
		} else if empty, ok := errors.AsType[env.EmptyVarError](e); ok {
			errs = append(errs, fmt.Errorf("%s is empty", empty.Key))
		} else if parse, ok := errors.AsType[env.ParseError](e); ok {
			errs = append(errs, fmt.Errorf("%s: %w", variable(parse.Name), withoutParser(parse.Err)))
		} else {
			errs = append(errs, e)
		}
	}
	return errs
}

// withoutParser leaves strconv's own words away.
func withoutParser(err error) error {
	if n, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Errorf("%q is not a value for it", n.Num)
	}
	return err
}

// variable returns the name of the variable that fills a field.
func variable(field string) string {
	f, ok := reflect.TypeFor[Config]().FieldByName(field)
	if !ok {
		return field
	}
	name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
	return name
}

var (
	channelID  = regexp.MustCompile(`^[CG][A-Z0-9]{2,}$`)
	approverID = regexp.MustCompile(`^[UWS][A-Z0-9]{2,}$`)
	orgID      = regexp.MustCompile(`^[a-f0-9]{24}$`)
	roleName   = regexp.MustCompile(`^ORG_[A-Z_]+$`)
	command    = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)
)

// check finds what each value alone does not show. It looks only at values
// that were given.
func (c Config) check(environ map[string]string) []error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	c.checkSlack(wrong)
	c.checkAtlas(wrong)
	c.checkPolicy(wrong)
	for name, u := range map[string]string{"ATLAS_BASE_URL": c.AtlasBaseURL, "SLACK_API_URL": c.SlackAPIURL} {
		if err := safeURL(u); err != nil {
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
	wrong(c.SlackApprovalChannel != "" && !channelID.MatchString(c.SlackApprovalChannel), "SLACK_APPROVAL_CHANNEL is %q: it wants the channel's ID, like C0123ABCDEF (About, at the bottom of the channel's details)", c.SlackApprovalChannel)
	for _, a := range c.SlackApprovers {
		wrong(!approverID.MatchString(strings.TrimSpace(a)), "SLACK_APPROVERS has %q: it wants user IDs (U… or W…) and user group IDs (S…), separated by commas", a)
	}
	wrong(!strings.HasSuffix(c.SlackAPIURL, "/"), "SLACK_API_URL: it ends in a slash")
	wrong(!command.MatchString(c.SlackCommand), "SLACK_COMMAND is %q: a slash and up to 31 lower-case letters, digits, - and _", c.SlackCommand)
}

func (c Config) checkAtlas(wrong func(bool, string, ...any)) {
	wrong(c.AtlasOrgID != "" && !orgID.MatchString(c.AtlasOrgID), "ATLAS_ORG_ID is %q: it is 24 hexadecimal digits (Organization Settings)", c.AtlasOrgID)
	wrong(strings.Count(c.AtlasPublicKey, "-") == 4, "ATLAS_PUBLIC_KEY looks like a private key: were the two swapped?")
	wrong(!strings.HasPrefix(c.DatabaseURL, "sqlite:"), "DATABASE_URL is of a kind that this build does not know: use sqlite:PATH")
	_, err := netip.ParseAddrPort(c.Listen)
	wrong(err != nil, "LISTEN is %q: an IP address and a port, like 127.0.0.1:8080 or 0.0.0.0:8080", c.Listen)
	wrong(c.LogFormat != "json" && c.LogFormat != "text", "LOG_FORMAT is %q: json or text", c.LogFormat)
	_, known := levels[c.LogLevel]
	wrong(!known, "LOG_LEVEL is %q: debug, info, warn or error", c.LogLevel)
}

func (c Config) checkPolicy(wrong func(bool, string, ...any)) {
	for _, r := range c.AllowedRoles {
		wrong(!roleName.MatchString(strings.TrimSpace(r)), "ALLOWED_ROLES has %q: organization roles look like ORG_READ_ONLY", r)
	}
	wrong(len(c.AllowedRoles) > 100 || len(c.Lifetimes) > 100, "ALLOWED_ROLES and LIFETIMES may have 100 entries each: Slack shows no more in a menu")
	wrong(c.MaxEntries < 1 || c.MaxEntries > 200, "MAX_ENTRIES is %d: 1 to 200", c.MaxEntries)
	wrong(c.WidestIPv4 > 32, "WIDEST_IPV4 is /%d: /0 to /32", c.WidestIPv4)
	wrong(c.WidestIPv6 > 128, "WIDEST_IPV6 is /%d: /0 to /128", c.WidestIPv6)
	for _, w := range []struct {
		name  string
		value span
	}{{"PENDING_LAPSES_AFTER", c.PendingLapsesAfter}, {"COLLECT_WITHIN", c.CollectWithin}, {"CONFIRM_WITHIN", c.ConfirmWithin}, {"ROTATE_OVERLAP", c.RotateOverlap}} {
		wrong(w.value != 0 && time.Duration(w.value) < time.Minute, "%s is %s: nobody could keep it; at least 1m", w.name, time.Duration(w.value))
	}
	wrong(len(c.RemindBeforeEnd) > 10, "REMIND_BEFORE_END has %d entries: at most 10, since each is a message", len(c.RemindBeforeEnd))
	for _, b := range c.RemindBeforeEnd {
		wrong(time.Duration(b) < time.Minute, "REMIND_BEFORE_END has %s: nobody could act on it; at least 1m", time.Duration(b))
	}
	for _, l := range c.Lifetimes {
		wrong(time.Duration(l) < time.Hour, "LIFETIMES has %s: at least 1h", time.Duration(l))
		wrong(c.ConfirmWithin > l, "LIFETIMES has %s, which is shorter than CONFIRM_WITHIN (%s)", time.Duration(l), time.Duration(c.ConfirmWithin))
	}
}

// safeURL refuses what would send a secret over the network in the clear.
func safeURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return errors.New("it is not a URL")
	case u.User != nil || u.RawQuery != "":
		return errors.New("it may hold no user and no query")
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

// orgs are the organizations that the bot serves, with their rules.
func (c Config) orgs() approval.Orgs {
	return approval.Orgs{{ID: approval.OrgID(c.AtlasOrgID), Name: "Atlas", Policy: c.policy()}}
}

// channels are the approvers' channels of the organizations.
func (c Config) channels() map[approval.OrgID]string {
	return map[approval.OrgID]string{approval.OrgID(c.AtlasOrgID): c.SlackApprovalChannel}
}

func (c Config) approvers() approval.Who {
	var who approval.Who
	for _, a := range c.SlackApprovers {
		if a = strings.TrimSpace(a); strings.HasPrefix(a, "S") {
			who.Groups = append(who.Groups, approval.GroupID(a))
		} else {
			who.Users = append(who.Users, approval.UserID(a))
		}
	}
	return who
}

// policy is the part of the configuration that the domain knows.
func (c Config) policy() approval.Policy {
	p := approval.Policy{
		AllowSelfApproval: c.AllowSelfApproval,
		WidestIPv4:        int(c.WidestIPv4), WidestIPv6: int(c.WidestIPv6), MaxEntries: c.MaxEntries,
		PendingLapsesAfter: time.Duration(c.PendingLapsesAfter),
		CollectWithin:      time.Duration(c.CollectWithin), ConfirmWithin: time.Duration(c.ConfirmWithin),
		Overlap: time.Duration(c.RotateOverlap),
	}
	p.Needs = []approval.Need{{From: c.approvers(), Count: 1}}
	var roles []approval.Role
	for _, r := range c.AllowedRoles {
		roles = append(roles, approval.Role(strings.TrimSpace(r)))
	}
	p.Roles = approval.RulesFor(roles...)
	for _, l := range c.Lifetimes {
		p.Lifetimes = append(p.Lifetimes, time.Duration(l))
	}
	slices.Sort(p.Lifetimes)
	for _, b := range c.RemindBeforeEnd {
		p.RemindBefore = append(p.RemindBefore, time.Duration(b))
	}
	slices.SortFunc(p.RemindBefore, func(a, b time.Duration) int { return cmp.Compare(b, a) }) // longest first
	return p
}
