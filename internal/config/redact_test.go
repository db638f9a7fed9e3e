package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRedactRemovesSecrets(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef"}
	for name, text := range map[string]string{
		"one of the variables":     "0123456789abcdef0123456789abcdef",
		"a token of Slack's":       "xoxb-1-2-abc_DEF",
		"a rotated token":          "xoxe.xoxb-1-abc",
		"an app-level token":       "xapp-1-A0-2-abc",
		"a private key of Atlas":   "00000000-0000-4000-8000-00000000cafe",
		"a password in an URL":     "https://ana:hunter2@cloud.mongodb.com",
		"several of these at once": "xoxb-1-2-abc 0123456789abcdef0123456789abcdef",
	} {
		cleaned := Redact(environ, "before "+text+" after")
		assert.Contains(t, cleaned, "[redacted]", name)
		assert.NotContains(t, cleaned, "abc", name)
		assert.NotContains(t, cleaned, "hunter2", name)
		assert.NotContains(t, cleaned, "cafe", name)
		assert.True(t, strings.HasPrefix(cleaned, "before ") && strings.HasSuffix(cleaned, " after"), name)
	}
	const plain = "Slack accepts it: U0BOT in workspace T0SANDBOX, https://sandbox.slack.com/"
	assert.Equal(t, plain, Redact(environ, plain))
}
