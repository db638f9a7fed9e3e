package atlas_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

// bare sends one request as it is.
func (r *rig) bare(method, path string, edit ...func(*http.Request)) said {
	r.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(r.request(method, path, "", edit...))
	require.NoError(r.t, err)
	return read(r.t, res)
}

// challenge fetches one.
func (r *rig) challenge(path string) *digest.Challenge {
	r.t.Helper()
	s := r.bare("GET", path)
	require.Equal(r.t, 401, s.Status)
	c, err := digest.FindChallenge(s.Header)
	require.NoError(r.t, err)
	return c
}

// answer makes the Authorization header for a challenge.
func (r *rig) answer(c *digest.Challenge, path string, count int, edit ...func(*digest.Options)) func(*http.Request) {
	r.t.Helper()
	o := digest.Options{Method: "GET", URI: path, Count: count, Username: r.public, Password: r.private}
	for _, e := range edit {
		e(&o)
	}
	credentials, err := digest.Digest(c, o)
	require.NoError(r.t, err)
	return header("Authorization", credentials.String())
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	r := start(t)
	wrong := r.as(atlas.CreatedKey{PublicKey: r.public, PrivateKey: "00000000-0000-4000-8000-000000000000"})
	unknown := r.as(atlas.CreatedKey{PublicKey: "unknowns", PrivateKey: r.private})
	for name, s := range map[string]said{
		"no credential": r.bare("POST", keys),
		"wrong secret":  wrong.do("POST", keys, `{}`),
		"unknown key":   unknown.do("POST", keys, `{}`),
		"another way":   r.bare("GET", keys, header("Authorization", "Bearer x")),
	} {
		require.Equal(t, 401, s.Status, name)
		require.Equal(t, 142, len(s.Body), name)
		require.Equal(t, "{\n  \"error\" : 401,\n  \"reason\" : \"Unauthorized\",\n  \"detail\" : \"You are not authorized for this resource.\",\n  \"errorCode\" : \"UNEXPECTED_ERROR\"\n}", s.Body, name)
		require.Regexp(t, `^Digest realm="MMS Public API", domain="", nonce="[A-Za-z0-9+/]{32}", algorithm=MD5, qop="auth", stale=false$`, s.Header.Get("WWW-Authenticate"), name)
		for _, absent := range []string{"X-Error-Code", "RateLimit-Limit", "RateLimit-Remaining"} {
			require.Empty(t, s.Header.Get(absent), name)
		}
	}
	require.Equal(t, "499", r.do("GET", keys, "").Header.Get("RateLimit-Remaining"), "a challenge costs no token")
}

func TestNonces(t *testing.T) {
	t.Parallel()
	const fresh, stale, refused = "200", "stale=true", "stale=false"
	for name, tt := range map[string]struct {
		single bool
		play   func(*rig, *digest.Challenge) said // after a first, good use with count 1
		want   string
	}{
		"the next count":       {false, func(r *rig, c *digest.Challenge) said { return r.bare("GET", keys, r.answer(c, keys, 2)) }, fresh},
		"a count out of order": {false, func(r *rig, c *digest.Challenge) said { return r.bare("GET", keys, r.answer(c, keys, 9)) }, fresh},
		"the same count":       {false, func(r *rig, c *digest.Challenge) said { return r.bare("GET", keys, r.answer(c, keys, 1)) }, refused},
		"a count too high":     {false, func(r *rig, c *digest.Challenge) said { return r.bare("GET", keys, r.answer(c, keys, 1024)) }, stale},
		"an unknown nonce": {false, func(r *rig, c *digest.Challenge) said {
			c.Nonce = strings.Repeat("A", 32)
			return r.bare("GET", keys, r.answer(c, keys, 1))
		}, stale},
		"a nonce of 61 seconds": {false, func(r *rig, c *digest.Challenge) said {
			r.clock.advance(61 * time.Second)
			return r.bare("GET", keys, r.answer(c, keys, 2))
		}, stale},
		"a nonce of 60 seconds": {false, func(r *rig, c *digest.Challenge) said {
			r.clock.advance(60 * time.Second)
			return r.bare("GET", keys, r.answer(c, keys, 2))
		}, fresh},
		"a single-use nonce again": {true, func(r *rig, c *digest.Challenge) said { return r.bare("GET", keys, r.answer(c, keys, 2)) }, stale},
		"signed for another path":  {false, func(r *rig, c *digest.Challenge) said { return r.bare("GET", org, r.answer(c, keys, 2)) }, refused},
		"signed for another verb":  {false, func(r *rig, c *digest.Challenge) said { return r.bare("DELETE", keys, r.answer(c, keys, 2)) }, refused},
		"another realm": {false, func(r *rig, c *digest.Challenge) said {
			c.Realm = "Other"
			return r.bare("GET", keys, r.answer(c, keys, 2))
		}, refused},
		"without qop": {false, func(r *rig, c *digest.Challenge) said { c.QOP = nil; return r.bare("GET", keys, r.answer(c, keys, 2)) }, refused},
		"another algorithm than asked": {false, func(r *rig, c *digest.Challenge) said {
			c.Algorithm = "SHA-256"
			return r.bare("GET", keys, r.answer(c, keys, 2))
		}, refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(o *atlas.Options) { o.SingleUseNonces = tt.single })
			c := r.challenge(keys)
			require.Equal(t, 200, r.bare("GET", keys, r.answer(c, keys, 1)).Status)

			s := tt.play(r, c)

			if tt.want == fresh {
				require.Equal(t, 200, s.Status)
				return
			}
			require.Equal(t, 401, s.Status)
			require.Contains(t, s.Header.Get("WWW-Authenticate"), tt.want)
		})
	}
}

func TestKeyAuthenticatesUntilDeleted(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.create("mine")
	person := r.as(atlas.CreatedKey{PublicKey: made.PublicKey, PrivateKey: made.PrivateKey})
	require.Equal(t, 200, person.do("GET", keys, "").Status)

	require.Equal(t, 204, r.do("DELETE", keys+"/"+made.ID, "").Status)

	require.Equal(t, 401, person.do("GET", keys, "").Status)
}
