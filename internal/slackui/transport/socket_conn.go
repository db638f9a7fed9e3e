package transport

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"
)

// The WebSocket library does not bound how long one message takes to arrive, as
// long as pings come in between. Nor does it end a connection when a write fails:
// it goes on reading, and every acknowledgment is lost. So the connection below
// the WebSocket checks both and closes itself; the library then opens another.

const (
	// messageLimit bounds the time from the first byte of a message to its last
	// one: meanwhile no other message can be read.
	messageLimit = 30 * time.Second

	// writeLimit bounds one write. An acknowledgment that waits longer is late.
	writeLimit = ackLimit
)

// These errors end a connection.
var (
	errSlowMessage = errors.New("a message of Slack did not arrive as a whole in time")
	errNotTaken    = errors.New("slack does not take what is written")
)

// A watchedConn carries one WebSocket, and closes itself if a message or a write takes too long. It has one reader and, at a time, one
// writer, which sets the deadline of each write.
type watchedConn struct {
	net.Conn
	log                      *slog.Logger
	messageLimit, writeLimit time.Duration

	arriving arriving
	began    time.Time // when the first byte of the arriving message was read
}

// watched returns dial for connections that close themselves.
func (d *Socket) watched(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watchedConn{Conn: conn, log: d.Log, messageLimit: d.messageLimit, writeLimit: d.writeLimit}, nil
	}
}

func (c *watchedConn) Read(p []byte) (int, error) {
	if c.arriving.isWebSocket { // before that, the deadline of the handshake holds
		var by time.Time
		if c.arriving.inMessage() {
			by = c.began.Add(c.messageLimit)
		}
		if err := c.Conn.SetReadDeadline(by); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	if c.arriving.read(p[:n]) {
		c.began = time.Now()
	}
	if c.arriving.isWebSocket && errors.Is(err, os.ErrDeadlineExceeded) {
		err = errSlowMessage
		c.leave(err)
	}
	return n, err
}

// SetWriteDeadline allows no write more time than the limit.
func (c *watchedConn) SetWriteDeadline(by time.Time) error {
	if most := time.Now().Add(c.writeLimit); by.IsZero() || by.After(most) {
		by = most
	}
	return c.Conn.SetWriteDeadline(by)
}

// Write closes the connection if it fails: a part may be written, and nothing can
// follow a part.
func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errNotTaken
		c.leave(err)
	}
	if err != nil {
		c.Conn.Close()
	}
	return n, err
}

func (c *watchedConn) leave(why error) {
	c.log.Warn("the Socket Mode connection is closed, and opened again", "why", why)
}

// arriving follows the messages of a WebSocket by the headers of their frames (RFC
// 6455, section 5.2), which come after the HTTP headers of the handshake. The
// library checks the frames.
type arriving struct {
	isWebSocket bool
	tail        []byte // the end of the HTTP headers, or the header of a frame so far
	left        uint64 // bytes of the frame that are still to come
	inFrame     bool   // the header of the frame is read
	isControl   bool   // the frame is a ping, a pong or a close
	isLast      bool   // the frame is the last of its message
	fragmented  bool   // a message has begun, and frames of it are still to come
}

const endOfHeaders = "\r\n\r\n"

// inMessage reports whether a message or frame has begun and is not complete.
func (a *arriving) inMessage() bool { return a.fragmented || a.inFrame || len(a.tail) > 0 }

// read follows the bytes p. It reports whether a message that is incomplete after
// them began in them.
func (a *arriving) read(p []byte) (began bool) {
	if !a.isWebSocket {
		headers := append(a.tail, p...)
		_, p, a.isWebSocket = bytes.Cut(headers, []byte(endOfHeaders))
		if !a.isWebSocket {
			a.tail = bytes.Clone(headers[max(0, len(headers)-len(endOfHeaders)+1):])
			return false
		}
		a.tail = nil
	}
	for len(p) > 0 {
		if !a.inMessage() {
			began = true
		}
		if !a.inFrame {
			a.tail, p = append(a.tail, p[0]), p[1:]
			a.parseHeader()
		} else {
			some := min(a.left, uint64(len(p)))
			a.left, p = a.left-some, p[some:]
		}
		if a.inFrame && a.left == 0 {
			a.endFrame()
		}
		if !a.inMessage() {
			began = false
		}
	}
	return began
}

// parseHeader begins a frame once its header is complete.
func (a *arriving) parseHeader() {
	h := a.tail
	if len(h) < 2 {
		return
	}
	length, of := uint64(h[1]&0x7f), 0
	switch length {
	case 126:
		of = 2
	case 127:
		of = 8
	}
	mask := 0
	if h[1]&0x80 != 0 {
		mask = 4
	}
	if len(h) < 2+of+mask {
		return
	}
	if of > 0 {
		var wide [8]byte
		copy(wide[8-of:], h[2:2+of])
		length = binary.BigEndian.Uint64(wide[:])
	}
	a.inFrame, a.left, a.tail = true, length, nil
	a.isLast, a.isControl = h[0]&0x80 != 0, h[0]&0x08 != 0
}

// endFrame notes whether more frames of the message follow.
func (a *arriving) endFrame() {
	a.inFrame = false
	if !a.isControl {
		a.fragmented = !a.isLast
	}
}
