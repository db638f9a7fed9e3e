package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// sign returns the X-Slack-Signature of a body. The secret is used as the text
// it is, not as the hex number it looks like.
func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:", timestamp)
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// stampRequest signs r as if it were sent at at.
func (w *Workspace) stampRequest(r *http.Request, body []byte, at time.Time) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Slack-Request-Timestamp", timestamp)
	r.Header.Set("X-Slack-Signature", sign(w.opts.SigningSecret, timestamp, body))
}
