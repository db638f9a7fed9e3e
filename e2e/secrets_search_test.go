package e2e

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// part is how many characters of a secret in a row count as the secret. Atlas
// itself lists keys with the last 12 digits of their private halves and the dash
// before them.
const part = 14

// disguises are the shapes in which a secret may turn up.
func disguises(s string) []string {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // it is a string
	}
	reversed := []byte(s)
	slices.Reverse(reversed)
	all := []string{
		s, strings.ToUpper(s), strings.ReplaceAll(s, "-", ""), string(reversed),
		url.QueryEscape(s), url.PathEscape(s), strings.Trim(string(quoted), `"`), fmt.Sprintf("%q", s), fmt.Sprintf("%+q", s),
		hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), fmt.Sprintf("% x", s),
		strings.Trim(fmt.Sprint([]byte(s)), "[]"), base32.StdEncoding.EncodeToString([]byte(s)),
	}
	for shift := range 3 { // what lies before it moves what base64 makes of it
		whole := base64.StdEncoding.EncodeToString([]byte("###"[:shift] + s))
		all = append(all, strings.Trim(whole[4*(shift+2)/3:len(whole)-4], "="))
	}
	return append(all, chunks(s)...)
}

// chunks are all parts of a secret, wherever they begin.
func chunks(s string) []string {
	var all []string
	for i := 0; i+part <= len(s); i++ {
		all = append(all, s[i:i+part])
	}
	return all
}

// A search looks for many secrets at once: by the first bytes of each disguise.
type search struct {
	byHead map[string][]string
	name   map[string]string // of the secret that a disguise is of
}

const head = 8

func searchFor(secrets map[string]string) search {
	s := search{byHead: map[string][]string{}, name: map[string]string{}}
	for name, secret := range secrets {
		for _, d := range disguises(secret) {
			if len(d) >= head {
				s.byHead[d[:head]] = append(s.byHead[d[:head]], d)
				s.name[d] = name
			}
		}
	}
	return s
}

// in returns the name of a secret that is in content, and how it is written.
func (s search) in(content string) (name, written string) {
	for i := 0; i+head <= len(content); i++ {
		for _, d := range s.byHead[content[i:i+head]] {
			if strings.HasPrefix(content[i:], d) {
				return s.name[d], d
			}
		}
	}
	return "", ""
}

// nowhere asserts that no secret is in any of the places.
func (s search) nowhere(t *testing.T, places map[string]string) {
	t.Helper()
	for place, content := range places {
		name, written := s.in(content)
		assert.Empty(t, name, "%s is in %s, as %s", name, place, written)
	}
}

// TestSecretSearchFindsDisguisedSecrets: a gate that finds nothing because it cannot is none.
func TestSecretSearchFindsDisguisedSecrets(t *testing.T) {
	t.Parallel()
	const secret = "0b5a9d5e-7a1c-4a52-9b8e-6f1d2c3b4a59"
	s := searchFor(map[string]string{"the key": secret})
	for how, content := range map[string]string{
		"as it is": "a " + secret + " b", "a part of it": "x" + secret[7:21] + "y", "escaped": url.QueryEscape("k=" + secret),
		"in capitals": strings.ToUpper(secret), "without dashes": strings.ReplaceAll(secret, "-", ""), "in hex": fmt.Sprintf("%x", secret),
		"as bytes": fmt.Sprintf("%v", []byte("k="+secret+"!")), "in base64": base64.StdEncoding.EncodeToString([]byte("user:" + secret + "@host")),
		"in base64, shifted by one": base64.StdEncoding.EncodeToString([]byte("userx:" + secret + "\n")),
		"in base64, shifted by two": base64.StdEncoding.EncodeToString([]byte("userxy:" + secret + "\n")),
		"in base64 of URLs":         base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"in quotes":                 fmt.Sprintf("%#v", struct{ K string }{secret}),
	} {
		name, _ := s.in(content)
		assert.Equal(t, "the key", name, how)
	}
	name, _ := s.in("0b5a9d5e-7a1c and 4a52-9b8e, 1d2c3b4a59")
	assert.Empty(t, name, "less than a part is no secret")
}

// secrets are all that must not be seen: every private key that Atlas ever gave
// out, and the bot's own credentials.
func (w *Env) secrets() map[string]string {
	all := map[string]string{}
	for i, s := range w.Atlas.Secrets() {
		all[fmt.Sprintf("private key %d", i+1)] = s
	}
	for _, name := range []string{"ATLAS_PRIVATE_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"} {
		if w.environ[name] != "" {
			// What all sandboxes' tokens begin with is no secret.
			_, own, _ := strings.Cut(w.environ[name], "-sandbox-")
			all[name] = w.environ[name]
			if own != "" {
				all[name] = own
			}
		}
	}
	return all
}
