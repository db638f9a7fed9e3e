package slackui

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"atlaskeybot/internal/secret"
)

// signatureAge is how far a request's time may be from ours, either way.
const signatureAge = 5 * time.Minute

// verify reports why a request is not Slack's, or nil. body is as it came, not
// yet parsed. The error says nothing of the signature that was due.
func verify(key secret.Secret, timestamp, signature string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("the timestamp is missing or no number")
	}
	if age := now.Unix() - seconds; age > int64(signatureAge.Seconds()) || age < -int64(signatureAge.Seconds()) {
		return errors.New("the timestamp is too far from now")
	}
	if key.IsZero() {
		return errors.New("there is no signing secret")
	}
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	due := "v0=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(due), []byte(signature)) {
		return errors.New("the signature is wrong")
	}
	return nil
}
