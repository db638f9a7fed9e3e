package e2e

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A tcpProxy carries everything between the bot and Slack, and can carry one way
// only: what the bot says over its WebSocket is then lost, acknowledgments
// above all, and Slack does not know.
type tcpProxy struct {
	listener net.Listener
	to       string // host:port
	running  sync.WaitGroup

	mu      sync.Mutex
	sockets map[net.Conn]net.Conn // the bot's end of each WebSocket, and Slack's
	calls   map[net.Conn]net.Conn // of everything else
	oneWay  bool
	over    bool // the test is: nothing is carried any more
}

// newTCPProxy lays a line to where url is served.
func newTCPProxy(t *testing.T, url string) *tcpProxy {
	t.Helper()
	l := &tcpProxy{to: strings.TrimPrefix(url, "http://"), sockets: map[net.Conn]net.Conn{}, calls: map[net.Conn]net.Conn{}}
	var err error
	l.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.running.Go(l.accept)
	t.Cleanup(func() {
		l.listener.Close()
		l.end()
		l.running.Wait()
	})
	return l
}

func (l *tcpProxy) url() string { return "http://" + l.listener.Addr().String() }

// mute loses what the bot says over its WebSockets from now on.
func (l *tcpProxy) mute() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oneWay = true
}

// cut ends the WebSockets, and what is opened after that works both ways; all
// ends everything else too.
func (l *tcpProxy) cut(all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oneWay = false
	for bot, slack := range l.sockets {
		bot.Close()
		slack.Close()
	}
	clear(l.sockets)
	if !all {
		return
	}
	for bot, slack := range l.calls {
		bot.Close()
		slack.Close()
	}
}

// end cuts everything, also what is accepted just now.
func (l *tcpProxy) end() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.cut(true)
}

func (l *tcpProxy) accept() {
	for {
		bot, err := l.listener.Accept()
		if err != nil {
			return
		}
		slack, err := net.Dial("tcp", l.to)
		if err != nil {
			bot.Close()
			continue
		}
		l.note(bot, slack, false) // until it has said what it is
		l.running.Go(func() { l.carry(bot, slack) })
	}
}

// carry copies both ways until either end is closed.
func (l *tcpProxy) carry(bot, slack net.Conn) {
	defer slack.Close()
	defer bot.Close()
	defer l.forget(bot)
	first := make([]byte, 64<<10)
	n, err := bot.Read(first)
	if err != nil {
		return
	}
	isSocket := bytes.HasPrefix(first[:n], []byte("GET /link/"))
	l.note(bot, slack, isSocket)
	if _, err := slack.Write(first[:n]); err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		defer bot.Close()
		copyUntil(bot, slack, func() bool { return false })
	})
	copyUntil(slack, bot, func() bool { return isSocket && l.isMuted() })
	slack.Close()
	back.Wait()
}

func (l *tcpProxy) isMuted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oneWay
}

func (l *tcpProxy) note(bot, slack net.Conn, isSocket bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		bot.Close()
		slack.Close()
		return
	}
	if isSocket {
		delete(l.calls, bot)
		l.sockets[bot] = slack
	} else {
		l.calls[bot] = slack
	}
}

func (l *tcpProxy) forget(bot net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sockets, bot)
	delete(l.calls, bot)
}

// copyUntil copies until an end is closed, and swallows what is lost.
func copyUntil(to, from net.Conn, lost func() bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if lost() {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
