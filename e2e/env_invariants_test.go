package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/sandbox/wire"
)

func isReady(address string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// requireNoSecretLeaked looks for every private key that Atlas ever gave out, and for
// the bot's own tokens, where they must not be.
func (w *Env) requireNoSecretLeaked() {
	w.t.Helper()
	secrets := append(w.issued(), w.environ["SLACK_BOT_TOKEN"])
	for _, org := range w.Atlases {
		_, own := org.Credential()
		secrets = append(secrets, own)
	}
	for _, name := range []string{"SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"} {
		if w.environ[name] != "" {
			secrets = append(secrets, w.environ[name])
		}
	}
	places := map[string]string{"the log": w.log.String()}
	files, err := filepath.Glob(w.database + "*")
	assert.NoError(w.t, err)
	assert.NotEmpty(w.t, files)
	for _, f := range files {
		content, err := os.ReadFile(f)
		assert.NoError(w.t, err)
		places[filepath.Base(f)] = string(content)
	}
	for place, content := range places {
		for _, s := range secrets {
			assert.NotContains(w.t, content, s, "a secret in %s", place)
		}
	}
	w.requireKeyOnlyInEphemeral()
}

// issued are the private keys that Atlas ever gave out, in any organization.
func (w *Env) issued() []string {
	var all []string
	for _, org := range w.Atlases {
		all = append(all, org.Secrets()...)
	}
	return all
}

// requireKeyOnlyInEphemeral reads all that went to Slack: a private key may be in
// the blocks of an ephemeral message and nowhere else.
func (w *Env) requireKeyOnlyInEphemeral() {
	w.t.Helper()
	for _, c := range w.Wire.Calls() {
		if c.Side == wire.Atlas {
			continue
		}
		for _, s := range w.issued() {
			if !strings.Contains(c.Request, s) && !strings.Contains(c.Response, s) {
				continue
			}
			assert.Equal(w.t, "chat.postEphemeral", c.Operation, "a private key was sent")
			assert.NotContains(w.t, c.Response, s)
		}
	}
}

// noOptions asserts that the workspace, which watches for what Slack lets
// pass and people regret, has nothing to say.
func (w *Env) requireNoFindings() {
	w.t.Helper()
	found, err := json.Marshal(w.Slack.Findings())
	assert.NoError(w.t, err)
	if !assert.Empty(w.t, w.Slack.Findings()) {
		w.t.Log(string(found))
	}
}
