package atlas_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A responder answers one request. A request without a responder fails the test.
type responder func(w http.ResponseWriter, r *http.Request)

// say answers with a status and a body in Atlas's type.
func say(status int, body string) responder {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.atlas.2023-01-01+json;charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// refuse answers with an error of Atlas.
func refuse(status int, code string, parameters string) responder {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Error-Code", code)
		say(status, fmt.Sprintf(`{"error":%d,"errorCode":%q,"detail":"d","reason":"r","parameters":%s}`, status, code, parameters))(w, r)
	}
}

// with sets a header before it calls l.
func with(key, value string, l responder) responder {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(key, value)
		l(w, r)
	}
}

// reset ends the connection without a response.
func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// hang waits until the client is gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// cut announces the whole body and sends half of it.
func cut(status int, body string) responder {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		say(status, body[:len(body)/2])(w, r)
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// raw writes bytes that need not be HTTP.
func raw(text string) responder {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, text)
		conn.Close()
	}
}

// recorded answers with a recorded response of Atlas.
func recorded(t *testing.T, name string) responder {
	res, body := readRecorded(t, name)
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), res.Header)
		w.WriteHeader(res.StatusCode)
		w.Write(body)
	}
}

func readRecorded(t *testing.T, name string) (*http.Response, []byte) {
	matches, err := filepath.Glob("testdata/responses/" + name + "-*.http")
	require.NoError(t, err)
	require.Len(t, matches, 1, name)
	f, err := os.Open(matches[0])
	require.NoError(t, err)
	defer f.Close()
	res, err := http.ReadResponse(bufio.NewReader(f), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	var body []byte
	if res.StatusCode != http.StatusNoContent {
		body, err = io.ReadAll(res.Body)
		require.NoError(t, err)
	}
	res.Header.Del("Connection")
	return res, body
}
