package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/wire"
)

const plain = `{"ok":true,"padding":"0123456789"}`

// served is an emulator that counts its effects, behind a recorder, on a socket.
type served struct {
	*wire.Recorder
	url     string
	effects atomic.Int64
	client  *http.Client
}

func serve(t *testing.T, side string) *served {
	t.Helper()
	s := &served{Recorder: wire.NewRecorder(time.Now), client: &http.Client{Transport: &http.Transport{}}}
	emulator := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.effects.Add(1)
		w.Header().Set("X-Emulator", "yes")
		_, _ = io.WriteString(w, plain)
	})
	server := httptest.NewServer(s.Handler(side, func(r *http.Request) string { return r.URL.Path[1:] }, emulator))
	s.url = server.URL
	t.Cleanup(func() {
		s.Close()
		s.client.CloseIdleConnections()
		server.Close()
	})
	return s
}

// post calls operation with an Authorization header. A body that breaks off is
// an error.
func (s *served) post(ctx context.Context, operation string, edit ...func(*http.Request)) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/"+operation, strings.NewReader("in"))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Authorization", "Digest x")
	for _, e := range edit {
		e(r)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func TestModes(t *testing.T) {
	t.Parallel()
	is := func(want error) func(*testing.T, error) {
		return func(t *testing.T, err error) { require.ErrorIs(t, err, want) }
	}
	cases := map[wire.Mode]struct {
		fault   wire.Fault
		effects int64
		err     func(*testing.T, error) // nil: an answer arrives
		status  int
		header  [2]string
		body    string
	}{
		wire.ResetBefore:     {effects: 0, err: is(syscall.ECONNRESET)},
		wire.ResetAfter:      {effects: 1, err: is(syscall.ECONNRESET)},
		wire.LostAfter:       {effects: 1, err: is(io.EOF)},
		wire.Error500Before:  {effects: 0, status: 500, header: [2]string{"X-Error-Code", "UNEXPECTED_ERROR"}, body: `{"detail":"Unexpected error.","error":500,"errorCode":"UNEXPECTED_ERROR","parameters":[],"reason":"Internal Server Error"}`},
		wire.Error500After:   {effects: 1, status: 500, body: `"errorCode":"UNEXPECTED_ERROR"`},
		wire.HTML503:         {effects: 0, status: 503, header: [2]string{"Content-Type", "text/html; charset=utf-8"}, body: "<h1>503</h1>"},
		wire.HTML503After:    {effects: 1, status: 503, body: "<h1>503</h1>"},
		wire.Empty401:        {effects: 0, status: 401, header: [2]string{"Www-Authenticate", ""}},
		wire.RateLimited:     {effects: 0, status: 429, header: [2]string{"Retry-After", "0"}, body: "Please retry after 0 seconds"},
		wire.Hang:            {effects: 0, err: is(context.Canceled)},
		wire.HangAfter:       {effects: 1, err: is(context.Canceled)},
		wire.TruncatedAfter:  {effects: 1, err: is(io.ErrUnexpectedEOF)},
		wire.SlackError:      {fault: wire.Fault{Error: "not_in_channel"}, effects: 0, status: 200, body: `{"error":"not_in_channel","ok":false}`},
		wire.SlackErrorAfter: {fault: wire.Fault{Error: "fatal_error"}, effects: 1, status: 200, body: `{"error":"fatal_error","ok":false}`},
		wire.OKFalse:         {effects: 0, status: 200, body: `{"ok":false}`},
		wire.AtlasError: {
			fault: wire.Fault{Status: 402, Code: "ACCOUNT_SUSPENDED", Detail: "Unpaid."}, effects: 0, status: 402,
			header: [2]string{"X-Error-Code", "ACCOUNT_SUSPENDED"}, body: `"detail":"Unpaid.","error":402`,
		},
		wire.Freeze:      {effects: 1, status: 200, header: [2]string{"X-Emulator", "yes"}, body: plain},
		wire.FreezeAfter: {effects: 1, status: 200, header: [2]string{"X-Emulator", "yes"}, body: plain},
	}
	for _, mode := range wire.Modes {
		tt, ok := cases[mode.Mode]
		require.True(t, ok, "no case for %s", mode.Mode)
		t.Run(string(mode.Mode), func(t *testing.T) {
			t.Parallel()
			s := serve(t, wire.Atlas)
			tt.fault.Side, tt.fault.Mode = wire.Atlas, mode.Mode
			require.NoError(t, s.Set(tt.fault))

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go s.unstick(ctx, mode.Mode, cancel)
			res, body, err := s.post(ctx, "keys")

			if tt.err != nil {
				require.Error(t, err)
				tt.err(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, tt.status, res.StatusCode)
				require.Contains(t, body, tt.body)
				if tt.header[0] != "" {
					require.Equal(t, tt.header[1], res.Header.Get(tt.header[0]))
				}
			}
			require.Equal(t, tt.effects, s.effects.Load())
			require.Equal(t, mode.TakesEffect, tt.effects == 1, "the table says whether it happens")
			call := s.Calls()[0]
			require.Equal(t, mode.Mode, call.Fault)
			if mode.TakesEffect {
				require.Equal(t, plain, call.Response, "the history has what the emulator said")
			}

			res, body, err = s.post(t.Context(), "keys")
			require.NoError(t, err)
			require.Equal(t, 200, res.StatusCode, "the fault is used up")
			require.Equal(t, plain, body)
		})
	}
}

// unstick ends a call that the mode holds: a hang by giving up once its effect
// is there, a freeze by releasing until the test ends.
func (s *served) unstick(ctx context.Context, mode wire.Mode, giveUp func()) {
	hangs := map[wire.Mode]int64{wire.Hang: 0, wire.HangAfter: 1}
	freezes := mode == wire.Freeze || mode == wire.FreezeAfter
	effects, isHang := hangs[mode]
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch arrived := len(s.Calls()) > 0 && s.effects.Load() >= effects; {
		case arrived && isHang:
			giveUp()
		case arrived && freezes:
			s.Release() // again and again: it is held some time after it was recorded
		}
	}
}

func TestSlackErrorFormats(t *testing.T) {
	t.Parallel()
	s := serve(t, wire.Slack)
	require.NoError(t, s.Set(wire.Fault{Side: wire.Slack, Mode: wire.RateLimited, RetryAfter: 3}))

	res, body, err := s.post(t.Context(), "chat.postMessage")

	require.NoError(t, err)
	require.Equal(t, 429, res.StatusCode)
	require.Equal(t, "3", res.Header.Get("Retry-After"))
	require.JSONEq(t, `{"ok":false,"error":"ratelimited"}`, body)
}

func TestFaultMatchesCalls(t *testing.T) {
	t.Parallel()
	anonymous := func(r *http.Request) { r.Header.Del("Authorization") }
	for name, tt := range map[string]struct {
		fault wire.Fault
		calls []string // "-" before a name: without Authorization
		want  []int
	}{
		"one call if no count is given":        {wire.Fault{}, []string{"a", "a"}, []int{503, 200}},
		"so many calls, after so many":         {wire.Fault{Skip: 1, Count: 2}, []string{"a", "a", "a", "a"}, []int{200, 503, 503, 200}},
		"until it is cleared":                  {wire.Fault{Count: -1}, []string{"a", "b", "a"}, []int{503, 503, 503}},
		"only its operation":                   {wire.Fault{Operation: "b"}, []string{"a", "b"}, []int{200, 503}},
		"other operations do not count":        {wire.Fault{Operation: "b", Skip: 1}, []string{"b", "a", "b"}, []int{200, 200, 503}},
		"at Atlas, the authenticated leg":      {wire.Fault{}, []string{"-a", "a"}, []int{200, 503}},
		"at Atlas, the first leg if asked for": {wire.Fault{FirstLeg: true}, []string{"a", "-a"}, []int{200, 503}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, wire.Atlas)
			tt.fault.Side, tt.fault.Mode = wire.Atlas, wire.HTML503
			require.NoError(t, s.Set(tt.fault))
			var got []int
			for _, call := range tt.calls {
				edits := []func(*http.Request){}
				if operation, ok := strings.CutPrefix(call, "-"); ok {
					call, edits = operation, append(edits, anonymous)
				}
				res, _, err := s.post(t.Context(), call, edits...)
				require.NoError(t, err)
				got = append(got, res.StatusCode)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	s := serve(t, wire.Slack)
	require.NoError(t, s.Set(wire.Fault{Side: wire.Slack, Mode: wire.HTML503, Count: -1}))
	require.Len(t, s.Faults(), 1)

	s.Clear()

	res, _, err := s.post(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.Empty(t, s.Faults())
}

func TestSetRefusesInvalidFaults(t *testing.T) {
	t.Parallel()
	s := wire.NewRecorder(time.Now)
	for name, f := range map[string]wire.Fault{
		"no side":                      {Mode: wire.Hang},
		"a side that is none":          {Side: "teams", Mode: wire.Hang},
		"a mode that is none":          {Side: wire.Slack, Mode: "rain"},
		"a Slack error without a code": {Side: wire.Slack, Mode: wire.SlackError},
		"an Atlas error with a 200":    {Side: wire.Atlas, Mode: wire.AtlasError, Status: 200, Code: "X"},
		"a first leg at Slack":         {Side: wire.Slack, Mode: wire.Hang, FirstLeg: true},
		"a skip below zero":            {Side: wire.Slack, Mode: wire.Hang, Skip: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, s.Set(f))
		})
	}
	require.Empty(t, s.Faults())
}

func TestHistory(t *testing.T) {
	t.Parallel()
	s := serve(t, wire.Slack)
	var phases []wire.Phase
	s.OnCall(func(p wire.Phase, c wire.Call) {
		phases = append(phases, p)
		assert.Equal(t, p == wire.AfterEffect, s.effects.Load() == 1)
	})

	_, _, err := s.post(t.Context(), "auth.test")
	require.NoError(t, err)
	s.OnCall(nil)
	_, _, err = s.post(t.Context(), "users.info")
	require.NoError(t, err)

	require.Equal(t, []wire.Phase{wire.BeforeEffect, wire.AfterEffect}, phases)
	calls := s.Calls()
	require.Len(t, calls, 2)
	require.WithinDuration(t, time.Now(), calls[0].At, time.Minute)
	calls[0].At = time.Time{}
	require.Equal(t, wire.Call{
		Seq: 1, Side: "slack", Operation: "auth.test", Path: "/auth.test",
		Request: "in", Response: plain, Status: 200, Auth: true,
	}, calls[0])
	require.Equal(t, 2, calls[1].Seq)
}

func TestCloseReleasesCalls(t *testing.T) {
	t.Parallel()
	s := serve(t, wire.Slack)
	require.NoError(t, s.Set(wire.Fault{Side: wire.Slack, Mode: wire.Freeze}))
	failed := make(chan error, 1)
	go func() {
		_, _, err := s.post(context.WithoutCancel(t.Context()), "a")
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(s.Calls()) == 1 }, 5*time.Second, time.Millisecond)

	s.Recorder.Close()

	err := <-failed
	require.Error(t, err)
	require.False(t, errors.Is(err, context.Canceled))
	require.Zero(t, s.effects.Load(), "a frozen call that is never released never happens")
}
