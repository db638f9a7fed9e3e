package transport

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/client"
	"atlaskeybot/internal/slackui/payload"
)

// frame is one of a server (RFC 6455): not masked.
func frame(last bool, opcode byte, payload string) []byte {
	head := []byte{opcode, 0}
	if last {
		head[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		head[1] = byte(n)
	case n < 1<<16:
		head[1] = 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head[1] = 127
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	return append(head, payload...)
}

const (
	opMore, opText, opPing = 0x0, 0x1, 0x9

	opened = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
)

// TestArrivingKnowsWhenAMessageIsComplete, however the bytes are cut.
func TestArrivingKnowsWhenAMessageIsComplete(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70_000)
	for name, tt := range map[string]struct {
		bytes []byte
		in    bool
	}{
		"nothing":                       {nil, false},
		"a message":                     {frame(true, opText, "hello"), false},
		"an empty one":                  {frame(true, opText, ""), false},
		"of 200 bytes":                  {frame(true, opText, long[:200]), false},
		"a long one":                    {frame(true, opText, long), false},
		"the first byte":                {[]byte{0x81}, true},
		"half a length":                 {frame(true, opText, long)[:5], true},
		"all but a byte":                {frame(true, opText, long)[:70_009], true},
		"a ping":                        {frame(true, opPing, "ping"), false},
		"half a ping":                   {frame(true, opPing, "ping")[:4], true},
		"a fragment":                    {frame(false, opText, "hel"), true},
		"a fragment and a ping":         {append(frame(false, opText, "hel"), frame(true, opPing, "")...), true},
		"fragments, and a ping in them": {append(append(frame(false, opText, "hel"), frame(true, opPing, "a")...), frame(true, opMore, "lo")...), false},
		"two messages":                  {append(frame(true, opText, "one"), frame(true, opText, "two")...), false},
		"one and a half":                {append(frame(true, opText, "one"), frame(false, opText, "two")...), true},
		"masked":                        {append([]byte{0x81, 0x83, 1, 2, 3, 4}, "abc"...), false},
		"masked, all but a byte":        {append([]byte{0x81, 0x83, 1, 2, 3, 4}, "ab"...), true},
	} {
		all := append([]byte(opened), tt.bytes...)
		for range 30 {
			var a arriving
			var began bool
			for rest := all; len(rest) > 0; {
				n := 1 + rand.IntN(len(rest))
				if rand.IntN(2) == 0 {
					n = min(n, 7)
				}
				began = a.read(rest[:n])
				rest = rest[n:]
			}
			require.Equal(t, tt.in, a.inMessage(), name)
			require.True(t, a.isWebSocket, name)
			require.False(t, began && !tt.in, name)
		}
		var a arriving
		require.Equal(t, tt.in, a.read(all), "%s, at once: it began there if it is not over", name)
		if tt.in {
			require.False(t, a.read([]byte{0}), "%s: it began before", name)
		}
	}
}

// A rawSlack opens Socket Mode connections byte by byte.
type rawSlack struct {
	opened atomic.Int32
	base   string
	serve  func(n int32, link net.Conn)

	mu    sync.Mutex
	links []net.Conn
}

func (s *rawSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "auth.test"):
		fmt.Fprint(w, `{"ok":true,"team_id":"T1","user_id":"U0BOT"}`)
	case strings.HasSuffix(r.URL.Path, "apps.connections.open"):
		fmt.Fprintf(w, `{"ok":true,"url":%q}`, strings.Replace(s.base, "http", "ws", 1)+"/link")
	default:
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		link, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer link.Close()
		s.mu.Lock()
		s.links = append(s.links, link)
		s.mu.Unlock()
		fmt.Fprintf(link, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		_, _ = link.Write(frame(true, opText, `{"type":"hello","num_connections":1}`))
		s.serve(s.opened.Add(1), link)
	}
}

func (s *rawSlack) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, link := range s.links {
		link.Close()
	}
}

// A helpfulApp answers every command.
type helpfulApp struct {
	Handler
	inFlight sync.WaitGroup
	slots    chan struct{}
}

func (a *helpfulApp) Start(ctx context.Context, work func(context.Context)) bool {
	select {
	case a.slots <- struct{}{}:
	default:
		return false
	}
	a.inFlight.Go(func() {
		defer func() { <-a.slots }()
		work(ctx)
	})
	return true
}

func (a *helpfulApp) Command(_ context.Context, _ payload.Command, answer payload.Ack) { answer(nil) }

func (a *helpfulApp) HomeOpened(_ context.Context, _ payload.Event, answer payload.Ack) { answer(nil) }

// pipes listens for WebSockets without the buffers of a network: what is not read
// is not taken.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// helps asks for help over a link, and reports whether it was answered.
func helps(n int32, link net.Conn) bool {
	id := fmt.Sprintf("help-%d", n)
	_, _ = link.Write(frame(true, opText, `{"type":"slash_commands","envelope_id":"`+id+`","payload":{"command":"/atlas-key","text":"help","user_id":"U1","team_id":"T1","trigger_id":"t.`+id+`"}}`))
	for {
		ack, err := masked(link)
		if err != nil || strings.Contains(ack, id) {
			return err == nil
		}
	}
}

// masked reads a frame of a client, of less than 64 KiB.
func masked(link io.Reader) (string, error) {
	head := make([]byte, 2, 4)
	if _, err := io.ReadFull(link, head); err != nil {
		return "", err
	}
	length := int(head[1] & 0x7f)
	if length == 126 {
		if _, err := io.ReadFull(link, head[2:4]); err != nil {
			return "", err
		}
		length = int(binary.BigEndian.Uint16(head[2:4]))
	}
	rest := make([]byte, 4+length)
	_, err := io.ReadFull(link, rest)
	for i := range rest[4:] {
		rest[4+i] ^= rest[i%4]
	}
	return string(rest[4:]), err
}

// runAgainst runs a socket with short limits until the server has answered help.
func (s *rawSlack) runAgainst(t *testing.T, edit func(*Socket)) (log *strings.Builder) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	s.base = server.URL
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	helped := make(chan struct{})
	attack := s.serve
	s.serve = func(n int32, link net.Conn) {
		if n > 1 {
			if helps(n, link) {
				close(helped)
			}
			<-ctx.Done()
			return
		}
		attack(n, link)
	}
	links := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	linked := &http.Server{Handler: s}
	defer linked.Close()
	go linked.Serve(links)
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	log = &strings.Builder{}
	slack, err := client.Connect(ctx, client.Config{
		Token: secret.New("xoxb"), AppToken: secret.New("xapp"), APIURL: server.URL + "/api/", Command: "/atlas-key",
		Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now, Transport: base,
	})
	require.NoError(t, err)
	app := &helpfulApp{slots: make(chan struct{}, 50)}
	socket := NewSocket(slack, app)
	socket.dialer.NetDialContext = socket.watched(links.dial)
	edit(socket)
	ended := make(chan error, 1)
	go func() { ended <- socket.Run(ctx) }()
	select {
	case <-helped:
		require.True(t, socket.Ready())
	case <-time.After(20 * time.Second):
		t.Errorf("another connection was not opened, or nothing was answered over it: %d connections, %s", s.opened.Load(), log)
	}
	cancel()
	s.close()
	require.NoError(t, <-ended)
	app.inFlight.Wait()
	return log
}

// TestAMessageInPiecesDoesNotHoldTheSocket: with pings between them the library
// waits for the rest for ever.
func TestAMessageInPiecesDoesNotHoldTheSocket(t *testing.T) {
	t.Parallel()
	drips := func(pieces func(i int) []byte) func(int32, net.Conn) {
		return func(_ int32, link net.Conn) {
			go io.Copy(io.Discard, link)
			pace := time.NewTicker(10 * time.Millisecond)
			defer pace.Stop()
			for i := 0; ; i++ {
				if _, err := link.Write(pieces(i)); err != nil {
					return
				}
				<-pace.C
			}
		}
	}
	for name, attack := range map[string]func(int32, net.Conn){
		"in fragments, with pings": drips(func(i int) []byte {
			return append(frame(false, byte(opText*max(0, 1-i)), " "), frame(true, opPing, "")...)
		}),
		"a frame byte by byte": drips(func(i int) []byte {
			return frame(true, opText, strings.Repeat(" ", 10_000))[i : i+1]
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := (&rawSlack{serve: attack}).runAgainst(t, func(s *Socket) { s.messageLimit = 200 * time.Millisecond })
			require.Contains(t, log.String(), errSlowMessage.Error())
		})
	}
}

// TestMessagesThatAreSlowButInTimeAreTaken: each has its own time, and between
// them as much passes as likes to.
func TestMessagesThatAreSlowButInTimeAreTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		c := &watchedConn{Conn: client, log: slog.New(slog.DiscardHandler), messageLimit: messageLimit, writeLimit: writeLimit}
		message := frame(true, opText, "hi")
		go func() {
			_, _ = io.WriteString(server, opened)
			for range 3 {
				time.Sleep(time.Hour)
				for _, b := range message { // 27 seconds
					_, _ = server.Write([]byte{b})
					time.Sleep(9 * time.Second)
				}
			}
			time.Sleep(time.Hour)
			_, _ = server.Write(message[:1])
		}()
		_, err := io.ReadFull(c, make([]byte, len(opened)+3*len(message)+1))
		require.NoError(t, err)
		began := time.Now()
		_, err = c.Read(make([]byte, 10))
		require.ErrorIs(t, err, errSlowMessage)
		require.Equal(t, messageLimit, time.Since(began))

		began = time.Now()
		require.NoError(t, c.SetWriteDeadline(began.Add(time.Hour)))
		_, err = c.Write(message)
		require.ErrorIs(t, err, errNotTaken)
		require.Equal(t, writeLimit, time.Since(began))
		_, err = server.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "it is closed")
	})
}

// TestAServerThatDoesNotReadIsLeft: the library goes on reading, and every
// acknowledgment after the first that failed is lost.
func TestAServerThatDoesNotReadIsLeft(t *testing.T) {
	t.Parallel()
	attack := func(_ int32, link net.Conn) {
		ping := frame(true, opPing, strings.Repeat("p", 125))
		for {
			if _, err := link.Write(ping); err != nil {
				return
			}
		}
	}
	log := (&rawSlack{serve: attack}).runAgainst(t, func(s *Socket) { s.writeLimit = 200 * time.Millisecond })
	require.Contains(t, log.String(), errNotTaken.Error())
}

// TestAcknowledgmentsThatAreNotTakenEndTheConnection: the same with deliveries.
func TestAcknowledgmentsThatAreNotTakenEndTheConnection(t *testing.T) {
	t.Parallel()
	attack := func(_ int32, link net.Conn) {
		for i := 0; ; i++ {
			if _, err := link.Write(frame(true, opText, fmt.Sprintf(`{"type":"events_api","envelope_id":"e%d-%s","payload":{"event":{}}}`, i, strings.Repeat("e", 1000)))); err != nil {
				return
			}
		}
	}
	log := (&rawSlack{serve: attack}).runAgainst(t, func(s *Socket) { s.writeLimit, s.PingLimit = 200*time.Millisecond, time.Hour })
	require.Contains(t, log.String(), errNotTaken.Error())
}
