package atlas_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

func TestIdempotentCallsAreRetried(t *testing.T) {
	t.Parallel()
	status := `{"appName":"MongoDB Atlas"}`
	for name, c := range map[string]struct {
		responders []responder
		fails      bool
	}{
		"a lost answer":            {responders: []responder{reset, say(200, status)}},
		"half an answer":           {responders: []responder{cut(200, status), say(200, status)}},
		"500 and 503":              {responders: []responder{say(500, ""), say(503, "<html>"), say(200, status)}},
		"503 for ever":             {responders: []responder{say(503, ""), say(503, ""), say(503, "")}, fails: true},
		"a refusal is not":         {responders: []responder{refuse(400, "INVALID_ENUM_VALUE", "[]")}, fails: true},
		"what is not JSON is once": {responders: []responder{say(200, "x")}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, c.responders...)
			_, err := s.client().Status(t.Context())
			assert.Equal(t, c.fails, err != nil, err)
			assert.Empty(t, s.responders)
		})
	}
	t.Run("connection refused", func(t *testing.T) {
		t.Parallel()
		s := newScript(t)
		c := s.client()
		s.server.Close()
		_, err := c.Create(t.Context(), wanted(), notNoted)
		assert.Equal(t, atlas.Transient, atlas.KindOf(err))
		assert.Len(t, s.waits, 2)
	})
}

func TestRateLimitWaits(t *testing.T) {
	t.Parallel()
	limited := func(parameters string) responder { return refuse(429, "RATE_LIMITED_TOKEN_BUCKET", parameters) }
	const second = time.Second
	for name, c := range map[string]struct {
		refusal  responder
		from, to time.Duration // of the first wait; 0 is none
		told     time.Duration
	}{
		"zero seconds are one":           {limited(`["p",0,500,250,60]`), second, 3 * second / 2, 0},
		"as the parameters say":          {limited(`["p",7,500,250,60]`), 7 * second, 21 * second / 2, 7 * second},
		"as the header says":             {with("Retry-After", "4", limited(`["p",7,500,250,60]`)), 4 * second, 6 * second, 4 * second},
		"until the header's date":        {with("Retry-After", "Mon, 10 Aug 2026 03:00:05 GMT", say(429, "")), 5 * second, 15 * second / 2, 5 * second},
		"a date that is past":            {with("Retry-After", "Mon, 10 Aug 2026 02:00:05 GMT", say(429, "")), second, 3 * second / 2, 0},
		"nothing was said":               {say(429, "<html>"), second, 3 * second / 2, 0},
		"parameters of another kind":     {refuse(429, "RATE_LIMITED", `["/api/oauth/token",50,1]`), second, 3 * second / 2, 0},
		"parameters that are no numbers": {limited(`["p","7"]`), second, 3 * second / 2, 0},
		"longer than maxWait":            {limited(`["p",55,10,5,60]`), 0, 0, 55 * second},
		"absurdly long":                  {with("Retry-After", "2147483647", say(429, "")), 0, 0, 2147483647 * second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, c.refusal, c.refusal, c.refusal)
			_, err := s.client().Status(t.Context())
			var e *atlas.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, atlas.Transient, e.Kind)
			assert.Equal(t, c.told, e.RetryAfter)
			if c.to == 0 {
				assert.Empty(t, s.waits)
				return
			}
			require.NotEmpty(t, s.waits)
			assert.GreaterOrEqual(t, s.waits[0], c.from)
			assert.Less(t, s.waits[0], c.to)
			var total time.Duration
			for _, w := range s.waits {
				total += w
			}
			assert.LessOrEqual(t, total, 20*second)
		})
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newScript(t, func(w http.ResponseWriter, r *http.Request) { cancel(); say(429, "")(w, r) })
	c := s.client(func(c *atlas.Config) { c.Sleep = nil })
	start := time.Now()
	_, err := c.Status(ctx)
	require.Error(t, err)
	assert.Less(t, time.Since(start), time.Second)
}

func TestResponseSizeIsBounded(t *testing.T) {
	t.Parallel()
	endless := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	_, err := newScript(t, endless, endless, endless).client().Status(t.Context())
	assert.ErrorContains(t, err, "the response is too long")
}
