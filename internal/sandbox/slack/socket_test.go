package slack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/slack"
)

func (a *app) ended() error {
	a.t.Helper()
	select {
	case err := <-a.closed:
		return err
	case <-time.After(5 * time.Second):
		require.Fail(a.t, "the connection did not end")
		return nil
	}
}

// left waits until the workspace has n connections.
func (d *desk) left(n int) {
	d.t.Helper()
	require.Eventually(d.t, func() bool { return d.Connections() == n }, 5*time.Second, time.Millisecond)
}

func TestHelloComesFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	_, hello := d.dial(plainly)
	requireShape(t, hello, sample(t, "socket.hello.json"), nil)
	require.EqualValues(t, 1, hello["num_connections"])
	_, hello = d.dial(plainly)
	require.EqualValues(t, 2, hello["num_connections"])
	require.Equal(t, 2, d.ConnectionsOpened())
	require.NoError(t, d.AwaitConnection(t.Context()))
}

func TestTicketWorksOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	link := d.jsonAs(d.AppToken(), "apps.connections.open", obj{}).obj["url"].(string)
	require.True(t, strings.HasPrefix(link, "ws://127.0.0.1:"), link)
	conn, _, err := websocket.Dial(t.Context(), link, nil)
	require.NoError(t, err)
	defer conn.CloseNow()
	_, res, err := websocket.Dial(t.Context(), link, nil)
	require.Error(t, err)
	require.Equal(t, 403, res.StatusCode)
}

func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	for range 10 {
		d.connect(plainly)
	}
	a, first := d.dial(plainly)
	requireShape(t, first, sample(t, "socket.disconnect.too_many_websockets.json"), nil)
	require.Equal(t, "too_many_websockets", first["reason"])
	require.Error(t, a.ended())
	d.left(10)
}

func TestEnvelopeGoesToOneConnection(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	one, two := d.connect(plainly), d.connect(plainly)
	d.left(2)
	for range 20 {
		require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	}
	require.Equal(t, 20, len(one.envelopes)+len(two.envelopes))
	require.NotEmpty(t, one.envelopes)
	require.NotEmpty(t, two.envelopes)
}

func TestUnacknowledgedEnvelopesAreRedelivered(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	deaf := d.connect(never)
	pressed := make(chan error, 1)
	ts := d.card("approve")
	go func() { pressed <- d.Click(t.Context(), slack.Bob, slack.Approvals, ts, "approve") }()
	first := deaf.next()

	d.Disconnect(slack.Abrupt)
	require.Error(t, deaf.ended())
	second := d.connect(plainly).next()
	require.Equal(t, first, second, "the same envelope, as it was")
	require.NoError(t, <-pressed)
	require.Empty(t, d.Screen(slack.Bob).Notices)
}

func TestLateAcknowledgementKeepsEnvelope(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{AckWithin: 100 * time.Millisecond})
	deaf := d.connect(never)
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	require.Equal(t, "/atlas-key failed because the app did not respond. Please try again or contact the app developer.", d.Screen(slack.Alice).Notices[0].Text)
	first := deaf.next()
	d.Disconnect(slack.RefreshRequested)
	require.Equal(t, "refresh_requested", deaf.next()["reason"])
	require.Error(t, deaf.ended())
	d.left(0)
	require.Equal(t, first["envelope_id"], d.connect(plainly).next()["envelope_id"])
}

func TestEnvelopesWaitForConnection(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{AckWithin: 50 * time.Millisecond})
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", "waited"))
	require.Equal(t, `/atlas-key failed with the error "dispatch_failed"`, d.Screen(slack.Alice).Notices[0].Text)
	require.Equal(t, "waited", d.connect(plainly).nextPayload()["text"])
}

func TestRedelivery(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{Redeliver: 1})
	a := d.connect(plainly)
	require.NoError(t, d.Click(t.Context(), slack.Bob, slack.Approvals, d.card("approve"), "approve"))
	require.Equal(t, a.next(), a.next())
	require.Empty(t, a.envelopes)
}

func TestDisconnectReason(t *testing.T) {
	t.Parallel()
	for _, reason := range []slack.Reason{slack.Warning, slack.RefreshRequested, slack.LinkDisabled, slack.TooManyWebsockets} {
		d := newDesk(t, slack.Options{WarningGrace: time.Millisecond})
		a := d.connect(plainly)
		d.left(1)
		d.Disconnect(reason)
		frame := a.next()
		requireShape(t, frame, sample(t, "socket.disconnect.warning.json"), nil)
		require.Equal(t, string(reason), frame["reason"])
		require.Error(t, a.ended())
		d.left(0)
	}
}

func TestLongFrameClosesConnection(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(never)
	require.NoError(t, a.conn.Write(t.Context(), websocket.MessageText, []byte(strings.Repeat("x", 20_481))))
	require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(a.ended()))
}

func TestPings(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{PingEvery: 5 * time.Millisecond})
	pinged := make(chan struct{}, 1000)
	link := d.jsonAs(d.AppToken(), "apps.connections.open", obj{}).obj["url"].(string)
	conn, _, err := websocket.Dial(t.Context(), link, &websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
		pinged <- struct{}{}
		return true
	}})
	require.NoError(t, err)
	defer conn.CloseNow()
	_, _, err = conn.Read(t.Context()) // hello
	require.NoError(t, err)
	conn.CloseRead(t.Context())
	for range 3 {
		select {
		case <-pinged:
		case <-time.After(5 * time.Second):
			require.Fail(t, "no ping came")
		}
	}
}

func TestEventRetries(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{AckWithin: 50 * time.Millisecond})
	a := d.connect(never)
	require.NoError(t, d.OpenHome(t.Context(), slack.Alice))
	first, again := a.next(), a.next()
	require.EqualValues(t, 0, first["retry_attempt"])
	require.EqualValues(t, 1, again["retry_attempt"])
	require.Equal(t, "timeout", again["retry_reason"])
	require.Equal(t, first["envelope_id"], again["envelope_id"])
	require.Equal(t, first["payload"], again["payload"])
}

func TestUnknownAcknowledgementsAreIgnored(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{AckWithin: 100 * time.Millisecond})
	a := d.connect(never)
	for _, frame := range []string{"", "[]", "{", `{"envelope_id":"unknown"}`} {
		require.NoError(t, a.conn.Write(t.Context(), websocket.MessageText, []byte(frame)))
	}
	require.NoError(t, d.Command(t.Context(), slack.Alice, slack.General, "/atlas-key", ""))
	require.Len(t, d.Screen(slack.Alice).Notices, 1)
}

func TestEnvelopeOfUnknownType(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{AckWithin: 100 * time.Millisecond})
	a := d.connect(plainly)
	require.NoError(t, d.SendEnvelope(t.Context(), "weather", []byte(`{"rain":true}`)))
	envelope := a.next()
	require.Equal(t, "weather", envelope["type"])
	require.Equal(t, obj{"rain": true}, envelope["payload"])
}

func TestClickAcknowledgementPayloadIsIgnored(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(with(obj{"text": "hello"}))
	require.NoError(t, d.Click(t.Context(), slack.Bob, slack.Approvals, d.card("approve"), "approve"))
	require.Equal(t, false, a.next()["accepts_response_payload"])
	require.Len(t, d.seen(slack.Bob, slack.Approvals).Messages, 1)
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	d := newDesk(t, slack.Options{})
	a := d.connect(plainly)
	d.Close()
	require.Error(t, a.ended())
	assert.Equal(t, 0, d.Connections())
}
