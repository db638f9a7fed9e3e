package atlas_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
	emulated "atlaskeybot/internal/sandbox/atlas"
)

func TestListKeysSkipsMalformedKey(t *testing.T) {
	t.Parallel()
	good := func(i int) string {
		return fmt.Sprintf(`{"id":"6a793f752c88faeba59bba%02d","publicKey":"abcdefg%c","desc":"x","roles":[{"orgId":"%s","roleName":"ORG_MEMBER"}]}`, i, 'a'+i, org)
	}
	for name, odd := range map[string]string{
		"a public half with a hyphen":  strings.Replace(good(2), `"abcdefgc"`, `"abc-defg"`, 1),
		"a public half in Unicode":     strings.Replace(good(2), `"abcdefgc"`, `"äbcdefgh"`, 1),
		"an empty public half":         strings.Replace(good(2), `"abcdefgc"`, `""`, 1),
		"no id":                        strings.Replace(good(2), `"id"`, `"ident"`, 1),
		"a description that is none":   strings.Replace(good(2), `"x"`, `{"a":1}`, 1),
		"roles that are none":          `{"id":"6a793f752c88faeba59bba02","publicKey":"abcdefgc","desc":"x","roles":"ORG_OWNER"}`,
		"a role that is no object":     `{"id":"6a793f752c88faeba59bba02","publicKey":"abcdefgc","desc":"x","roles":["ORG_OWNER"]}`,
		"null":                         `null`,
		"a number":                     `7`,
		"a public half that is a list": strings.Replace(good(2), `"abcdefgc"`, `["a"]`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, say(200, `{"results":[`+good(0)+`,`+odd+`,`+good(1)+`],"totalCount":3}`))
			keys, err := s.client().ListKeys(t.Context())
			require.NoError(t, err)
			require.Len(t, keys, 2)
			assert.Equal(t, "abcdefga", keys[0].PublicKey)
			assert.Equal(t, "abcdefgb", keys[1].PublicKey)
			s.locked(func() { assert.Contains(t, s.log.String(), "leaving out an API key") })
		})
	}
	for name, odd := range map[string]string{
		"no description": `{"id":"6a793f752c88faeba59bba02","publicKey":"abcdefgc","desc":null,"roles":[]}`,
		"no roles":       `{"id":"6a793f752c88faeba59bba02","publicKey":"abcdefgc"}`,
		"null roles":     `{"id":"6a793f752c88faeba59bba02","publicKey":"abcdefgc","desc":"x","roles":null}`,
		"unknown roles":  `{"id":"6a793f752c88faeba59bba02","publicKey":"abcdefgc","desc":"x","roles":[{"orgId":"` + org + `","roleName":"ORG_DREAMER"},{"teamId":"x"}],"new":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, say(200, `{"results":[`+good(0)+`,`+odd+`],"totalCount":2}`))
			keys, err := s.client().ListKeys(t.Context())
			require.NoError(t, err)
			assert.Len(t, keys, 2)
		})
	}
}

func TestListTaggedIgnoresInvalidRequestID(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	for _, request := range []string{"FOO", "AKR-7f3k2", "AKR-7F3K", "AKR-7F3K22", "AKR-ILOU0", "akr-7F3K2", "AKR.7F3K2"} {
		_, err := r.AddKey(emulated.KeyInput{Desc: "x - keybot " + request + " attempt 1 of " + ownTag, Roles: []string{"ORG_MEMBER"}})
		require.NoError(t, err)
	}
	_, err := r.AddKey(emulated.KeyInput{Desc: "x - keybot AKR-7F3K2 attempt 1 of " + ownTag, Roles: []string{"ORG_MEMBER"}})
	require.NoError(t, err)
	marked, err := r.keys.ListTagged(t.Context())
	require.NoError(t, err)
	require.Len(t, marked, 1)
	assert.Equal(t, policy.ID("AKR-7F3K2"), marked[0].Request)
}

// A user with a role in the project of the bot's own key gives it a tag.
func TestListTaggedIgnoresOwnKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	mark := "keybot AKR-7F3K2 attempt 1 of " + ownTag
	own := r.Snapshot().Keys[0]
	require.True(t, own.Own)
	require.NoError(t, r.EditKey(own.ID, emulated.KeyEdit{Desc: &mark}))
	marked, err := r.keys.ListTagged(t.Context())
	require.NoError(t, err)
	assert.Empty(t, marked)
}

func TestListProjectsSkipsMalformedProject(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, `{"results":[{"id":"x","name":"odd","orgId":"`+org+`"},{"id":"b0123456789abcdef012345b","name":"Search","orgId":"`+org+`"}],"totalCount":2}`))
	projects, err := s.client().ListProjects(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []atlas.Project{{ID: "b0123456789abcdef012345b", Name: "Search"}}, projects)
}
