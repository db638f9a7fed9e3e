package atlas_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/secret"
)

func TestExpiredNonceIsReplaced(t *testing.T) {
	t.Parallel()
	s := newScript(t, say(200, createdOK), say(200, accessOK))
	_, err := s.client().Create(t.Context(), wanted(), func(atlas.Key) error { s.forget(); return nil })
	require.NoError(t, err)
	assert.Equal(t, []string{"(POST " + keysURL + ")", "POST " + keysURL, "(POST " + accessURL + "?itemsPerPage=500)", "POST " + accessURL + "?itemsPerPage=500"}, s.lines())
}

func TestDigestAuthentication(t *testing.T) {
	t.Parallel()
	challenge := recorded(t, "22")
	for name, c := range map[string]struct {
		responders []responder
		kind       atlas.Kind
		code       string
		caller     string
	}{
		"one stray refusal is not the end": {responders: []responder{challenge}},
		"a role too low":                   {responders: []responder{refuse(401, "USER_UNAUTHORIZED", "[]")}, kind: atlas.InvalidCredential, code: "USER_UNAUTHORIZED"},
		"a role too low, with a challenge": {responders: []responder{with("WWW-Authenticate", `Digest realm="r", nonce="n", qop="auth"`, refuse(401, "NOT_ORG_OWNER", "[]"))}, kind: atlas.InvalidCredential, code: "NOT_ORG_OWNER"},
		"an address that is not listed":    {responders: []responder{refuse(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", `["203.0.113.9"]`)}, kind: atlas.InvalidCredential, code: "IP_ADDRESS_NOT_ON_ACCESS_LIST", caller: "203.0.113.9"},
		"the same by its old name":         {responders: []responder{refuse(403, "ORG_REQUIRES_WHITELIST", `["203.0.113.9"]`)}, kind: atlas.InvalidCredential, code: "ORG_REQUIRES_WHITELIST", caller: "203.0.113.9"},
		"an empty 401 once":                {responders: []responder{say(401, "")}},
		"an empty 401 for ever":            {responders: []responder{say(401, ""), say(401, ""), say(401, "")}, kind: atlas.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, c.responders...)
			if c.kind == "" {
				s.responders = append(s.responders, say(200, `{"id":"`+org+`"}`))
			}
			s.uses["669gyxpgL6MGDuSZvQ80Spv3k+Jc99ed"] = 0 // of the recorded challenge
			_, err := s.client().Organization(t.Context())
			assert.Equal(t, c.kind, atlas.KindOf(err), err)
			if c.kind == "" {
				return
			}
			var e *atlas.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.code, e.Code)
			if c.caller != "" {
				assert.Equal(t, c.caller, e.Caller.String())
				assert.ErrorContains(t, err, c.caller)
			}
		})
	}
	t.Run("a wrong private key", func(t *testing.T) {
		t.Parallel()
		s := newScript(t)
		c := s.client(func(c *atlas.Config) { c.Login = atlas.Digest{PublicKey: publicKey, PrivateKey: secret.New("wrong")} })
		_, err := c.Create(t.Context(), wanted(), notNoted)
		assert.Equal(t, atlas.InvalidCredential, atlas.KindOf(err))
		assert.Len(t, s.lines(), 3)
	})
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newScript(t)
	elsewhere.client()
	s := newScript(t, with("Location", elsewhere.server.URL+"/api/atlas/v2", say(307, "")))
	_, err := s.client().Status(t.Context())
	assert.Equal(t, atlas.Transient, atlas.KindOf(err))
	assert.ErrorContains(t, err, "307")
	assert.Empty(t, elsewhere.lines())
}
