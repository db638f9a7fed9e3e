package bench

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"atlaskeybot/internal/config"
)

// The floor is the least that a bot without a memory does for a slash command: it checks
// the signature, reads the form, and opens the same view as the bot. It is a process like
// the bot.

// The environment of the floor, besides LISTEN and the bot's SLACK_API_URL.
const floorView = "BENCH_FLOOR_VIEW" // a file with the view

// serveFloor is the process of the floor. It ends when it is killed.
func serveFloor() error {
	environ := config.Environ()
	view, err := os.ReadFile(environ[floorView])
	if err != nil {
		return fmt.Errorf("reading the view: %w", err)
	}
	api := environ["SLACK_API_URL"]
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /slack/commands", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !isSigned(r.Header, body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusOK)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		if err := openView(client, api, form.Get("trigger_id"), view); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	return http.ListenAndServe(environ["LISTEN"], mux)
}

func isSigned(h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(signingSecret))
	io.WriteString(mac, "v0:"+h.Get("X-Slack-Request-Timestamp")+":")
	mac.Write(body)
	return hmac.Equal([]byte("v0="+hex.EncodeToString(mac.Sum(nil))), []byte(h.Get("X-Slack-Signature")))
}

func openView(client *http.Client, api, trigger string, view json.RawMessage) error {
	body, err := json.Marshal(object{"trigger_id": trigger, "view": view})
	if err != nil {
		return err
	}
	response, err := client.Post(api+"views.open", "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("opening the view: %w", err)
	}
	defer response.Body.Close()
	var answer struct{ OK bool }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || !answer.OK {
		return fmt.Errorf("opening the view: refused (%w)", err)
	}
	return nil
}
