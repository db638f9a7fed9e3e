package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// credential is what Slack's tokens and signing secrets and Atlas's private keys
// look like.
var credential = regexp.MustCompile(`(?i)\bxox[a-z.]*-[\w-]+|\bxapp-[\w-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}`)

// redactCredentials hides what somebody pasted into the wrong variable: the
// problem quotes the value, and it is read by whoever reads logs.
func redactCredentials(errs []error) []error {
	for i, err := range errs {
		if text := err.Error(); credential.MatchString(text) {
			errs[i] = errors.New(credential.ReplaceAllString(text, "[redacted]"))
		}
	}
	return errs
}

// looksSecret matches what is a secret wherever it was put: Slack's tokens, the
// private keys of Atlas, and a password in a URL.
var looksSecret = regexp.MustCompile(`xox[a-z.]*-[\w-]+|xapp-[\w-]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|//[^/\s"]*@`)

// Redact takes secrets out of text that people read: the values of environ that
// are secret, and what looks like a secret, since it may have been pasted into the
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
