package config

import (
	"errors"
	"strings"

	"github.com/caarlos0/env/v11"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/proxy"
	"atlaskeybot/internal/secret"
)

// Config is the checked content of the environment.
type Config struct {
	Variables

	// Organizations are those of the variables and the policy files, in the order
	// of OrgNames. There is at least one.
	Organizations []Organization

	// Proxy is read from HTTPS_PROXY and the variables beside it.
	Proxy proxy.Settings

	// Warnings are sentences about probable mistakes that keep nothing from
	// working.
	Warnings []string
}

// Variables are everything that the bot reads from its environment.
// TestEnvExample keeps .env.example in step with them. A required variable has no
// default, so that it is chosen and not forgotten.
type Variables struct {
	// SlackBotToken is the bot user's token, xoxb-….
	SlackBotToken secret.Secret `env:"SLACK_BOT_TOKEN,required,notEmpty,unset"`

	// SlackAppToken, xapp-…, opens Socket Mode. Without it Slack calls the bot, and
	// SlackSigningSecret proves that the caller is Slack.
	SlackAppToken      secret.Secret `env:"SLACK_APP_TOKEN,unset"`
	SlackSigningSecret secret.Secret `env:"SLACK_SIGNING_SECRET,unset"`

	// SlackAPIURL points at the sandbox in development. It ends in a slash.
	SlackAPIURL string `env:"SLACK_API_URL" envDefault:"https://slack.com/api/"`

	// SlackCommand is the slash command, as the app's manifest has it.
	SlackCommand string `env:"SLACK_COMMAND" envDefault:"/atlas-key"`

	// OrgNames are short words for several organizations, each with variables of its
	// own. Without them there is one organization.
	OrgNames []string `env:"ORGS"`

	// OrgVariables are those of the only organization, or those that several share.
	OrgVariables

	// AtlasOrgName is the name of the only organization, as people read it.
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
}

// Read reads and checks environ, and the policy files that it names. It returns all
// problems at once, with the names of the variables, so that an operator restarts
// once.
func Read(environ map[string]string) (Config, error) {
	var c Config
	environ, errs := withReadableValues(environ)
	errs = append(errs, withVariableNames(env.ParseWithOptions(&c.Variables, env.Options{Environment: environ}), "")...)
	errs = append(errs, c.check()...)
	errs = append(errs, c.readOrganizations(environ)...)
	errs = append(errs, movedVariables(environ)...)
	wrong, warnings := misspelledVariables(environ, c.OrgNames)
	errs, c.Warnings = append(errs, wrong...), warnings
	errs = append(errs, c.readProxy(environ)...)
	return c, errors.Join(CleanErrors(errs)...)
}

// Orgs are the organizations that the bot serves, with their rules.
func (c Config) Orgs() policy.Orgs {
	var all policy.Orgs
	for _, o := range c.Organizations {
		all = append(all, policy.Org{ID: o.ID, Name: o.Name, Policy: o.Policy})
	}
	return all
}

// KeysPages are the addresses of Atlas's pages of the organizations' API keys.
func (c Config) KeysPages() map[policy.OrgID]string {
	all := map[policy.OrgID]string{}
	for _, o := range c.Organizations {
		all[o.ID] = strings.TrimSuffix(c.AtlasBaseURL, "/") + "/v2#/org/" + string(o.ID) + "/access/apiKeys"
	}
	return all
}

// Channels are the approvers' channels of the organizations.
func (c Config) Channels() map[policy.OrgID]string {
	all := map[policy.OrgID]string{}
	for _, o := range c.Organizations {
		all[o.ID] = o.Channel
	}
	return all
}
