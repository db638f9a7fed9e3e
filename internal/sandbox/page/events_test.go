package page_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

func TestEventsReachEachTab(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, s *stage){
		"in Slack":     func(_ *testing.T, s *stage) { s.slack.changes <- struct{}{} },
		"of the clock": func(_ *testing.T, s *stage) { s.clock.Advance(time.Minute) },
		"by a press":   func(_ *testing.T, s *stage) { s.post("/page/close?as=U0ALICE", "") },
		"in Atlas": func(t *testing.T, s *stage) {
			_, err := s.atlas.AddKey(atlas.KeyInput{Desc: "x", Roles: []string{"ORG_MEMBER"}})
			require.NoError(t, err)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			server := httptest.NewServer(s.page)
			t.Cleanup(server.Close)
			heard := listen(t, server.URL+"/page/events")

			require.Equal(t, "event: changed", next(t, heard), "what came before listening")
			change(t, s)
			require.Equal(t, "event: changed", next(t, heard))
		})
	}
}

// listen returns the event lines of a stream, until the test ends.
func listen(t *testing.T, url string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))

	heard := make(chan string, 16)
	go func() {
		defer close(heard)
		defer answer.Body.Close()
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "event:") {
				heard <- lines.Text()
			}
		}
	}()
	return heard
}

func next(t *testing.T, heard <-chan string) string {
	t.Helper()
	select {
	case line := <-heard:
		return line
	case <-time.After(5 * time.Second):
		t.Fatal("the tab heard nothing")
		return ""
	}
}
