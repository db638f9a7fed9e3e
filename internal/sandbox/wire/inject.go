package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// maxHang bounds what a client without a timeout can be made to wait.
const maxHang = 2 * time.Minute

// An injection is one call with its fault.
type injection struct {
	rec      *Recorder
	w        http.ResponseWriter
	r        *http.Request
	body     []byte
	next     http.Handler
	fault    *Fault
	call     Call
	response *response // what the emulator answered; nil before the effect
}

// after calls the emulator, then calls then.
func after(then func(*injection)) func(*injection) {
	return func(p *injection) {
		p.callEmulator()
		then(p)
	}
}

// callEmulator calls the emulator and keeps its response.
func (p *injection) callEmulator() {
	p.rec.callHook(BeforeEffect, p.call)
	p.r.Body = io.NopCloser(bytes.NewReader(p.body))
	p.response = &response{header: http.Header{}}
	p.next.ServeHTTP(p.response, p.r)
	p.response.WriteHeader(http.StatusOK)
	p.call.Status = p.response.status
	p.call.Response = truncate(p.response.body.Bytes())
	p.rec.finish(p.call)
	p.rec.callHook(AfterEffect, p.call)
}

// pass calls the emulator and sends its response.
func (p *injection) pass() {
	p.callEmulator()
	p.sendResponse()
}

// sendResponse sends the emulator's response to the client.
func (p *injection) sendResponse() {
	maps.Copy(p.w.Header(), p.response.header)
	if bodyAllowed(p.response.status) {
		p.w.Header().Set("Content-Length", strconv.Itoa(p.response.body.Len()))
	}
	p.w.WriteHeader(p.response.status)
	_, _ = p.w.Write(p.response.body.Bytes())
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// answer sends a response that is not the emulator's.
func (p *injection) answer(status int, contentType, body string) {
	if p.response == nil {
		p.call.Status = status
		p.call.Response = body
		p.rec.finish(p.call)
	}
	if contentType != "" {
		p.w.Header().Set("Content-Type", contentType)
	}
	p.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	p.w.WriteHeader(status)
	_, _ = io.WriteString(p.w, body)
}

func (p *injection) error500() {
	if p.call.Side == Atlas {
		p.refuse(http.StatusInternalServerError, "UNEXPECTED_ERROR", "Unexpected error.", []any{})
		return
	}
	p.answer(http.StatusInternalServerError, "text/plain; charset=utf-8", "Internal Server Error")
}

func (p *injection) html503() {
	p.answer(http.StatusServiceUnavailable, "text/html; charset=utf-8",
		"<html><head><title>503 Service Temporarily Unavailable</title></head><body><h1>503</h1></body></html>")
}

func (p *injection) empty401() { p.answer(http.StatusUnauthorized, "", "") }

func (p *injection) rateLimited() {
	wait := p.fault.RetryAfter
	p.w.Header().Set("Retry-After", strconv.Itoa(wait))
	if p.call.Side != Atlas {
		p.answer(http.StatusTooManyRequests, "application/json; charset=utf-8", `{"ok":false,"error":"ratelimited"}`)
		return
	}
	path := p.r.URL.Path[1:]
	detail := fmt.Sprintf("Rate limit exceeded for %s. Please retry after %d seconds. Request capacity: 500. Refill rate: 250 per 60 seconds. "+
		"For more information, see: http://dochub.mongodb.org/core/atlas-api-rate-limit.", path, wait)
	p.refuse(http.StatusTooManyRequests, "RATE_LIMITED_TOKEN_BUCKET", detail, []any{path, wait, 500, 250, 60})
}

func (p *injection) slackError() {
	body, _ := json.Marshal(map[string]any{"ok": false, "error": p.fault.Error})
	p.answer(http.StatusOK, "application/json; charset=utf-8", string(body))
}

func (p *injection) okFalse() {
	p.answer(http.StatusOK, "application/json; charset=utf-8", `{"ok":false}`)
}

func (p *injection) atlasError() { p.refuse(p.fault.Status, p.fault.Code, p.fault.Detail, []any{}) }

// refuse sends an error as Atlas does: with the code in the body and in a header.
func (p *injection) refuse(status int, code, detail string, parameters []any) {
	body, _ := json.Marshal(map[string]any{
		"detail": detail, "error": status, "errorCode": code, "parameters": parameters, "reason": http.StatusText(status),
	})
	p.w.Header().Set("X-Error-Code", code)
	p.answer(status, "application/json", string(body))
}

// hang waits until the client gives up, then closes the connection, or closes it
// after maxHang.
func (p *injection) hang() {
	bound := time.NewTimer(maxHang)
	defer bound.Stop()
	select {
	case <-p.r.Context().Done():
	case <-p.rec.closed:
	case <-bound.C:
	}
	p.closeConnection()
}

func (p *injection) freeze() {
	if p.released() {
		p.pass() // also if the client has gone: the request had arrived
		return
	}
	p.closeConnection()
}

func (p *injection) freezeAfter() {
	p.callEmulator()
	if p.released() {
		p.sendResponse()
		return
	}
	p.closeConnection()
}

// released waits for Release and reports whether it came before Close.
func (p *injection) released() bool {
	p.rec.mu.Lock()
	release := p.rec.release
	p.rec.mu.Unlock()
	select {
	case <-release:
		return true
	case <-p.rec.closed:
		return false
	}
}

func (p *injection) reset() {
	p.takeOver(func(conn net.Conn) {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a RST instead of a FIN
		}
	})
}

func (p *injection) closeConnection() { p.takeOver(func(net.Conn) {}) }

// truncate announces the whole body and sends half of it.
func (p *injection) truncate() {
	body := p.response.body.Bytes()
	p.takeOver(func(conn net.Conn) {
		var out bytes.Buffer
		fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", p.response.status, http.StatusText(p.response.status))
		header := p.response.header.Clone()
		header.Set("Content-Length", strconv.Itoa(len(body)))
		_ = header.Write(&out)
		out.WriteString("\r\n")
		out.Write(body[:len(body)/2])
		_, _ = conn.Write(out.Bytes())
	})
}

// takeOver hijacks the connection, calls last with it and closes it.
func (p *injection) takeOver(last func(net.Conn)) {
	conn, _, err := http.NewResponseController(p.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no socket to break: the server ends the connection
	}
	defer conn.Close()
	last(conn)
}
