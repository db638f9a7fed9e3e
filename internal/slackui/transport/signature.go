package transport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"time"

	"atlaskeybot/internal/secret"
)

// signatureAge is how far a request's time may be from ours, either way.
const signatureAge = 5 * time.Minute

var signatureShape = regexp.MustCompile(`^v0=[0-9a-f]{64}$`)

// plausible reports why a request cannot be Slack's by its headers alone, or nil.
func plausible(timestamp, signature string, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("the timestamp is missing or no number")
	}
	if age := now.Unix() - seconds; age > int64(signatureAge.Seconds()) || age < -int64(signatureAge.Seconds()) {
		return errStale
	}
	if !signatureShape.MatchString(signature) {
		return errors.New("the signature is missing or none of Slack's")
	}
	return nil
}

var (
	errStale          = errors.New("the timestamp is too far from now")
	errWrongSignature = errors.New("the signature is wrong")
)

// Verify reports why a request is not Slack's, or nil. body is as it came, not
// yet parsed. The error says nothing of the signature that was due.
func Verify(key secret.Secret, timestamp, signature string, body []byte, now time.Time) error {
	if err := plausible(timestamp, signature, now); err != nil {
		return err
	}
	if key.IsZero() {
		return errors.New("there is no signing secret")
	}
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	due := "v0=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(due), []byte(signature)) {
		return errWrongSignature
	}
	return nil
}
