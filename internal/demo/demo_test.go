package demo

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSandboxServesItsPage(t *testing.T) {
	for name, args := range map[string][]string{
		"Socket Mode":            nil,
		"HTTP":                   {"--http"},
		"several organizations":  {"--orgs", "5"},
		"a policy of one's own":  {"--policy", "../../docs/policy.example.yaml"},
		"a database in a file":   {"--database", "sqlite:" + filepath.Join(t.TempDir(), "try.db")},
		"what was random before": {"--seed", "7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			reader, writer := io.Pipe()
			var errs bytes.Buffer
			ended := make(chan int, 1)
			go func() {
				ended <- Main(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), writer, &errs)
				writer.Close()
			}()
			first := make([]byte, 1000)
			n, err := reader.Read(first)
			require.NoError(t, err)
			address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(string(first[:n]))
			require.NotEmpty(t, address, string(first[:n]))
			assert.Contains(t, string(first[:n]), "The first build takes a minute")
			client := &http.Client{Timeout: 10 * time.Second}
			res, err := client.Get(address)
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, http.StatusOK, res.StatusCode)
			cancel()
			assert.Zero(t, <-ended, errs.String())
		})
	}
}

func TestSandboxRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no organization":      {[]string{"--orgs", "0"}, 2, "--orgs is 0: 1 to 5"},
		"an unknown flag":      {[]string{"--loud"}, 2, "unknown flag: --loud\nSee 'go run ./cmd/sandbox --help'."},
		"an argument":          {[]string{"production"}, 2, `unknown command "production"`},
		"an address elsewhere": {[]string{"--listen", "203.0.113.9:80"}, 1, "choose another address with --listen"},
		"no policy":            {[]string{"--listen", "127.0.0.1:0", "--policy", "/no/such.yaml"}, 1, "/no/such.yaml: there is no such file"},
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, tt.code, Main(t.Context(), tt.args, &out, &errs), name)
		assert.Empty(t, out.String(), name)
		assert.Contains(t, errs.String(), tt.want, name)
	}
	var out, errs bytes.Buffer
	assert.Zero(t, Main(t.Context(), []string{"--help"}, &out, &errs))
	assert.Contains(t, out.String(), "--open")
	assert.Empty(t, errs.String())
}

// TestBrowserIsOpened starts a stand-in for the command that opens a page.
func TestBrowserIsOpened(t *testing.T) {
	assert.Equal(t, []string{"open", "http://x"}, browserCommand("darwin", "http://x"))
	assert.Equal(t, []string{"rundll32", "url.dll,FileProtocolHandler", "http://x"}, browserCommand("windows", "http://x"))
	dir := t.TempDir()
	command := browserCommand("linux", "http://x")[0]
	for _, name := range []string{command, "open"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nprintf %s \"$1\" > \"$0.opened\"\n"), 0o700))
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	require.NoError(t, openBrowser("http://127.0.0.1:8484"))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		opened, _ := filepath.Glob(filepath.Join(dir, "*.opened"))
		if assert.Len(c, opened, 1) {
			text, _ := os.ReadFile(opened[0])
			assert.Equal(c, "http://127.0.0.1:8484", string(text))
		}
	}, 10*time.Second, 5*time.Millisecond)
	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, openBrowser("http://127.0.0.1:8484"), "starting ")
}
