package slackui

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
	"atlaskeybot/internal/slackui/pace"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/transport"
)

func TestActiveUserIsReported(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var reported []policy.UserID
	report := func(_ context.Context, user policy.UserID) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, user)
	}
	a := &App{
		log: slog.New(slog.DiscardHandler), service: &service.Service{UserActive: report},
		seen: transport.NewDeduper(time.Now), paced: pace.New(time.Now),
	}
	wait, _ := a.takePace(policy.Actor{User: "U0ALICE"}, pace.Acting)
	require.Zero(t, wait)
	e, err := payload.DecodeEvent([]byte(`{"event_id":"Ev1","event":{"type":"app_home_opened","user":"U0BOB","tab":"messages"}}`))
	require.NoError(t, err)
	a.HomeOpened(t.Context(), e, func(any) {})
	for range 200 { // faster than their pace
		a.takePace(policy.Actor{User: "U0CAROL"}, pace.Acting)
	}
	a.Wait()
	count := map[policy.UserID]int{}
	for _, user := range reported {
		count[user]++
	}
	assert.Equal(t, 1, count["U0ALICE"])
	assert.Equal(t, 1, count["U0BOB"])
	assert.Less(t, count["U0CAROL"], 110)
}
