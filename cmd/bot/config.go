package main

import (
	"errors"
	"strings"

	"github.com/caarlos0/env/v11"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/proxy"
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

	// SlackAPIURL points at the sandbox in development. It ends in a slash.
	SlackAPIURL string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/"`

	// SlackCommand is the slash command, as the app's manifest has it.
	SlackCommand string `env:"SLACK_COMMAND" envDefault:"/atlas-key"`

	// OrgNames are short words for several organizations, each of which then has
	// variables of its own. Without them there is one.
	OrgNames []string `env:"ORGS"`

	// These are the only organization's, or what several have in common.
	OrgVariables

	// AtlasOrgName is what people read as the only organization's name.
	AtlasOrgName string `env:"ATLAS_ORG_NAME" envDefault:"Atlas"`

	AtlasBaseURL string `env:"ATLAS_BASE_URL" envDefault:"https://cloud.mongodb.com"`

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

	// MinPrefixIPv4 and MinPrefixIPv6 are the widest networks that a key may be used
	// from.
	MinPrefixIPv4 mask `env:"WIDEST_IPV4" envDefault:"/24"`
	MinPrefixIPv6 mask `env:"WIDEST_IPV6" envDefault:"/64"`

	// MaxEntries bounds the addresses and blocks on one key's access list.
	MaxEntries int `env:"MAX_ENTRIES" envDefault:"20"`

	// RequestTTL, IssueWithin and ConfirmWithin bound the waits for a
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

	// organizations is what the variables above and the policy files come to, in
	// the order of OrgNames. There is at least one.
	organizations []organization

	// proxy is what HTTPS_PROXY and its like say.
	proxy proxy.Settings

	// warnings are sentences about what may be a mistake and keeps nothing from
	// working.
	warnings []string
}

// readConfig reads and checks environ, and the policy files that it names. All
// problems come at once, in the operator's names: an operator should restart
// once.
func readConfig(environ map[string]string) (Config, error) {
	var c Config
	environ, errs := readable(environ)
	errs = append(errs, inOperatorsNames(env.ParseWithOptions(&c, env.Options{Environment: environ}), "")...)
	errs = append(errs, c.check()...)
	errs = append(errs, c.readOrganizations(environ)...)
	wrong, warnings := misspelled(environ, c.OrgNames)
	errs, c.warnings = append(errs, wrong...), warnings
	errs = append(errs, c.readProxy(environ)...)
	return c, errors.Join(eachOnce(withoutCredentials(errs))...)
}

// orgs are the organizations that the bot serves, with their rules.
func (c Config) orgs() policy.Orgs {
	var all policy.Orgs
	for _, o := range c.organizations {
		all = append(all, policy.Org{ID: o.id, Name: o.name, Policy: o.policy})
	}
	return all
}

// keysPages are the addresses of Atlas's pages of the organizations' API keys.
func (c Config) keysPages() map[policy.OrgID]string {
	all := map[policy.OrgID]string{}
	for _, o := range c.organizations {
		all[o.id] = strings.TrimSuffix(c.AtlasBaseURL, "/") + "/v2#/org/" + string(o.id) + "/access/apiKeys"
	}
	return all
}

// channels are the approvers' channels of the organizations.
func (c Config) channels() map[policy.OrgID]string {
	all := map[policy.OrgID]string{}
	for _, o := range c.organizations {
		all[o.id] = o.channel
	}
	return all
}
