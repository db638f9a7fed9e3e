package atlas_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

func TestListKeysReadsAllPages(t *testing.T) {
	t.Parallel()
	page := func(from, n, total int) responder {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf(`{"id":"%024x","publicKey":"abcdefgh"}`, from+i)
		}
		return say(200, fmt.Sprintf(`{"results":[%s],"totalCount":%d}`, strings.Join(keys, ","), total))
	}
	for name, c := range map[string]struct {
		responders []responder
		keys       int
	}{
		"one short page":                    {[]responder{page(0, 3, 3)}, 3},
		"no keys":                           {[]responder{page(0, 0, 0)}, 0},
		"a full page and an empty one":      {[]responder{page(0, 500, 500), page(0, 0, 500)}, 500},
		"two full pages and a short one":    {[]responder{page(0, 500, 1001), page(500, 500, 1001), page(1000, 1, 1001)}, 1001},
		"a total that is too low":           {[]responder{page(0, 500, 2), page(500, 7, 2)}, 507},
		"pages shorter than was asked for":  {[]responder{page(0, 100, 150), page(100, 50, 150)}, 150},
		"a total too high costs one look":   {[]responder{page(0, 3, 9), page(0, 0, 9)}, 3},
		"no total at all, as in the events": {[]responder{say(200, `{"results":[{"id":"65a1b2c3d4e5f60718293a4b","publicKey":"abcdefgh"}]}`)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, c.responders...)
			keys, err := s.client().ListKeys(t.Context())
			require.NoError(t, err)
			assert.Len(t, keys, c.keys)
			lines := s.lines()
			assert.Len(t, lines, 1+len(c.responders), "one challenge serves all pages")
			assert.Contains(t, lines[len(lines)-1], fmt.Sprintf("pageNum=%d", len(c.responders)))
		})
	}
	t.Run("a list without end", func(t *testing.T) {
		t.Parallel()
		s := newScript(t)
		for range 100 {
			s.responders = append(s.responders, page(0, 500, 500))
		}
		_, err := s.client().ListKeys(t.Context())
		require.ErrorContains(t, err, "the list does not end")
	})
}

func TestListKeysRefusesMalformedLists(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `[]`, `{"results":null}`, `{"results":[{}]}`, `{"results":[{"id":"x","publicKey":"y"}]}`, `{"results":[]} x`, `null`, ``} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			c := newScript(t, say(200, body), say(200, body)).client()
			_, err := c.ListKeys(t.Context())
			assert.Equal(t, atlas.Transient, atlas.KindOf(err))
			_, err = c.ListAccess(t.Context(), madeID)
			assert.Equal(t, atlas.Transient, atlas.KindOf(err))
		})
	}
}

func TestMissingObjectIsGone(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]responder{
		"400, as it is":            refuse(400, "API_KEY_NOT_FOUND", `["`+madeID+`"]`),
		"404, as it might be":      refuse(404, "API_KEY_NOT_FOUND", `[]`),
		"the code in the header":   with("X-Error-Code", "API_KEY_NOT_FOUND", say(400, `<html>`)),
		"the code in a cut body":   with("X-Error-Code", "API_KEY_NOT_FOUND", cut(400, `{"error":400,"errorCode":"API_"}`)),
		"odd types around it":      say(400, `{"error":"400","errorCode":"API_KEY_NOT_FOUND","parameters":{"a":1},"badRequestDetail":[]}`),
		"null where lists are due": say(400, `{"error":400,"errorCode":"API_KEY_NOT_FOUND","parameters":null,"badRequestDetail":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newScript(t, l, l).client()
			require.NoError(t, c.DeleteKey(t.Context(), madeID))
			_, err := c.GetKey(t.Context(), madeID)
			assert.Equal(t, atlas.Gone, atlas.KindOf(err))
		})
	}
	t.Run("a 404 of a proxy is not gone", func(t *testing.T) {
		t.Parallel()
		err := newScript(t, say(404, "<html>")).client().DeleteKey(t.Context(), madeID)
		assert.Equal(t, atlas.Transient, atlas.KindOf(err))
	})
}

func TestDeleteEntryPath(t *testing.T) {
	t.Parallel()
	for from, path := range map[string]string{
		"203.0.113.7/32":  "203.0.113.7",
		"203.0.113.9/24":  "203.0.113.0%2F24",
		"2001:db8::1/128": "2001:0db8:0000:0000:0000:0000:0000:0001",
		"2001:db8::/32":   "2001:db8::%2F32",
	} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, say(200, `{"results":[{"ipAddress":"198.51.100.1"}]}`), refuse(404, "API_KEY_WHITELIST_NOT_FOUND", "[]"))
			keep, drop := netip.MustParsePrefix("198.51.100.1/32"), netip.MustParsePrefix(from)
			require.NoError(t, s.client().KeepAccess(t.Context(), madeID, []netip.Prefix{keep}, []netip.Prefix{drop}))
			assert.Equal(t, "DELETE "+accessURL+"/"+path, s.lines()[2])
		})
	}
}

func TestInvalidKeyIDIsRefused(t *testing.T) {
	t.Parallel()
	s := newScript(t)
	c := s.client()
	for _, id := range []string{"", ".", "..", "gswvkocq", madeID + "/accessList", strings.ToUpper(madeID)} {
		assert.Equal(t, atlas.Permanent, atlas.KindOf(c.DeleteKey(t.Context(), id)), id)
		_, err := c.GetKey(t.Context(), id)
		assert.Equal(t, atlas.Permanent, atlas.KindOf(err), id)
		_, err = c.ListAccess(t.Context(), id)
		assert.Equal(t, atlas.Permanent, atlas.KindOf(err), id)
		networks := []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}
		assert.Equal(t, atlas.Permanent, atlas.KindOf(c.AddAccess(t.Context(), id, networks)), id)
		assert.Equal(t, atlas.Permanent, atlas.KindOf(c.KeepAccess(t.Context(), id, networks, nil)), id)
	}
	assert.Empty(t, s.lines())
}
