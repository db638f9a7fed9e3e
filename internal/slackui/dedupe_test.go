package slackui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/transport"
)

// firstOf does a delivery of that name and reports whether it was the first.
func firstOf(o *transport.Deduper, name string) (first bool) {
	o.Do(context.Background(), name, func(any) {}, func(answer payload.Ack) { first = true; answer(nil) })
	return first
}

func TestDeduperEviction(t *testing.T) {
	t.Parallel()
	now := requestedAt
	o := transport.NewDeduper(func() time.Time { return now })
	require.True(t, firstOf(o, "a"))
	require.False(t, firstOf(o, "a"))
	require.True(t, firstOf(o, ""))
	require.True(t, firstOf(o, ""))
	now = now.Add(59 * time.Minute)
	require.False(t, firstOf(o, "a"))
	now = now.Add(2 * time.Minute)
	require.False(t, firstOf(o, "a"), "an hour is the least")
	now = now.Add(2 * time.Hour)
	require.True(t, firstOf(o, "b"))
	now = now.Add(2 * time.Hour)
	require.True(t, firstOf(o, "a"))
	for i := range 3 * transport.RememberMax {
		firstOf(o, fmt.Sprint(i))
	}
	deliveries, _ := o.Size()
	require.LessOrEqual(t, deliveries, 2*transport.RememberMax)
	require.False(t, firstOf(o, fmt.Sprint(3*transport.RememberMax-1)))
}

func TestRepeatedDeliveryGetsFirstAnswer(t *testing.T) {
	t.Parallel()
	o := transport.NewDeduper(time.Now)
	answer := func() (got any, done int) {
		o.Do(t.Context(), "v0=1", func(body any) { got = body }, func(answer payload.Ack) {
			done++
			answer(map[string]string{"response_action": "errors"})
		})
		return got, done
	}
	_, done := answer()
	require.Equal(t, 1, done)
	for range 2 {
		got, done := answer()
		require.JSONEq(t, `{"response_action":"errors"}`, fmt.Sprintf("%s", got))
		require.Zero(t, done)
	}
}

func TestRepeatedDeliveryWaitsForAnswerInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := transport.NewDeduper(time.Now)
		var answers []string
		var mu sync.Mutex
		var all sync.WaitGroup
		done := 0
		for range 3 {
			all.Go(func() {
				o.Do(t.Context(), "v0=1", func(body any) {
					mu.Lock()
					defer mu.Unlock()
					answers = append(answers, fmt.Sprintf("%s after %s", body, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))))
				}, func(answer payload.Ack) {
					done++
					time.Sleep(2 * time.Second)
					answer("x")
				})
			})
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, 1, done)
		require.ElementsMatch(t, []string{`x after 2s`, `"x" after 2s`, `"x" after 2s`}, answers)
	})
}

func TestDeliveryWithoutAnswerIsHandledAgain(t *testing.T) {
	t.Parallel()
	o := transport.NewDeduper(time.Now)
	func() {
		defer func() { _ = recover() }()
		o.Do(t.Context(), "v0=1", func(any) {}, func(payload.Ack) { panic("before it answered") })
	}()
	require.True(t, firstOf(o, "v0=1"))
	require.False(t, firstOf(o, "v0=1"))
}

func TestRepeatedDeliveryWaitIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := transport.NewDeduper(time.Now)
		release := make(chan struct{})
		var first sync.WaitGroup
		first.Go(func() { o.Do(t.Context(), "v0=1", func(any) {}, func(payload.Ack) { <-release }) })
		synctest.Wait()
		began, answered := time.Now(), false
		o.Do(t.Context(), "v0=1", func(any) { answered = true }, func(payload.Ack) { panic("it is being done already") })
		require.Equal(t, 5*time.Second, time.Since(began))
		require.False(t, answered)
		close(release)
		first.Wait()
	})
}

func TestRememberedAnswersAreBounded(t *testing.T) {
	t.Parallel()
	o := transport.NewDeduper(func() time.Time { return requestedAt })
	large := strings.Repeat("x", 20_000)
	for i := range 1000 { // 20 MB
		o.Do(t.Context(), fmt.Sprint(i), func(any) {}, func(answer payload.Ack) { answer(large) })
	}
	deliveries, size := o.Size()
	require.Less(t, size, 5<<20)
	require.Less(t, deliveries, 250, "about 20 kB each")
	require.False(t, firstOf(o, "999"))
}

// TestRepeatedCommandGetsFirstAnswer covers Socket Mode: an acknowledgment can
// be lost with its connection, and Slack delivers the same command again.
func TestRepeatedCommandGetsFirstAnswer(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	app, _ := fuzzedApp(&log)
	c := payload.Command{Text: "help", Trigger: "1.2.3"}
	c.Who.User = "U0ALICE"
	var answers []string
	for range 2 {
		app.Command(t.Context(), c, func(body any) {
			sent, err := json.Marshal(body)
			require.NoError(t, err)
			answers = append(answers, string(sent))
		})
	}
	require.Contains(t, answers[0], "MongoDB Atlas API keys, with")
	require.Equal(t, answers[0], answers[1])
}
