package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// credential matches tokens and signing secrets of Slack and private keys of Atlas.
var credential = regexp.MustCompile(`(?i)\bxox[a-z.]*-[\w-]+|\bxapp-[\w-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}`)

// redactCredentials removes credentials from problems, which quote the value of a
// variable and are logged: one may have been pasted into the wrong variable.
func redactCredentials(errs []error) []error {
	for i, err := range errs {
		if text := err.Error(); credential.MatchString(text) {
			errs[i] = errors.New(credential.ReplaceAllString(text, "[redacted]"))
		}
	}
	return errs
}

// looksSecret matches tokens of Slack, private keys of Atlas, and a password in a
// URL.
var looksSecret = regexp.MustCompile(`xox[a-z.]*-[\w-]+|xapp-[\w-]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|//[^/\s"]*@`)

// Redact removes secrets from a text that people read: the secret values of
// environ, and what looks like a secret, since it may have been pasted into the
// wrong variable.
func Redact(environ map[string]string, text string) string {
	meant, _ := withReadableValues(environ)
	for _, values := range []map[string]string{environ, meant} {
		for name, value := range values {
			if isSecret(name) && len(value) >= 8 {
				text = strings.ReplaceAll(text, value, "[redacted]")
			}
		}
	}
	return looksSecret.ReplaceAllString(text, "[redacted]")
}

// Secrets are the secret values of a configuration, by the variables that they
// were read from.
func (c Config) Secrets() map[string]string {
	all := map[string]string{
		"SLACK_BOT_TOKEN": c.SlackBotToken.Reveal(), "SLACK_APP_TOKEN": c.SlackAppToken.Reveal(),
		"SLACK_SIGNING_SECRET": c.SlackSigningSecret.Reveal(),
	}
	for _, o := range c.Organizations {
		all[o.Variable("ATLAS_PRIVATE_KEY")] = o.PrivateKey.Reveal()
	}
	return all
}

// isSecret reports whether a variable holds a secret. The private keys of several
// organizations have prefixes.
func isSecret(variable string) bool {
	return slices.Contains([]string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"}, variable) ||
		strings.HasSuffix(variable, "ATLAS_PRIVATE_KEY")
}
