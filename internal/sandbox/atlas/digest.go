package atlas

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	realm    = "MMS Public API"
	nonceAge = time.Minute
	maxNC    = 1024 // uses of one nonce
)

// nonces are the challenges handed out, and which counts each was used with.
type nonces struct {
	single bool // one request each
	issued map[string]*nonce
}

type nonce struct {
	at   time.Time
	seen map[int64]bool
}

// standing of a nonce
type standing int

const (
	fresh standing = iota
	stale          // unknown, too old or used up: take a new one
	replayed
)

// add hands out value.
func (n *nonces) add(value string, at time.Time) {
	if n.issued == nil {
		n.issued = map[string]*nonce{}
	}
	for old, x := range n.issued {
		if at.Sub(x.at) > nonceAge {
			delete(n.issued, old)
		}
	}
	n.issued[value] = &nonce{at: at, seen: map[int64]bool{}}
}

// use spends one count of a nonce, by the rules of Jetty's DigestAuthenticator:
// each count once, in any order.
func (n *nonces) use(value string, count int64, at time.Time) standing {
	x := n.issued[value]
	switch {
	case x == nil, at.Sub(x.at) > nonceAge, count >= maxNC, n.single && len(x.seen) > 0:
		return stale
	case x.seen[count]:
		return replayed
	}
	x.seen[count] = true
	return fresh
}

// authenticate returns the live key that signed r and its organization, or nil
// and whether the challenge that follows says stale.
func (c *Cloud) authenticate(r *http.Request) (o *Organization, k *key, isStale bool) {
	given, ok := parseDigest(r.Header.Get("Authorization"))
	if !ok || given["realm"] != realm || given["uri"] != r.URL.RequestURI() || given["qop"] != "auth" {
		return nil, nil, false
	}
	if algorithm, sent := given["algorithm"]; sent && !strings.EqualFold(algorithm, "MD5") {
		return nil, nil, false
	}
	count, err := strconv.ParseInt(given["nc"], 16, 64)
	if err != nil || len(given["nc"]) != 8 || given["cnonce"] == "" {
		return nil, nil, false
	}
	switch c.nonces.use(given["nonce"], count, c.now()) {
	case stale:
		return nil, nil, true
	case replayed:
		return nil, nil, false
	}
	o, k = c.signer(r.Method, given)
	return o, k, false
}

// signer is the live key whose secret made the response, and its organization.
func (c *Cloud) signer(method string, given map[string]string) (*Organization, *key) {
	for _, o := range c.organizations {
		for _, k := range o.keys {
			if k.alive() && k.publicKey == given["username"] && k.signed(method, given) {
				return o, k
			}
		}
	}
	return nil, nil
}

func (k *key) signed(method string, given map[string]string) bool {
	want := hash(hash(k.publicKey, realm, k.privateKey),
		given["nonce"], given["nc"], given["cnonce"], given["qop"], hash(method, given["uri"]))
	return subtle.ConstantTimeCompare([]byte(want), []byte(given["response"])) == 1
}

func hash(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}

// challengeBody is byte for byte what Atlas sends.
const challengeBody = `{
  "error" : 401,
  "reason" : "Unauthorized",
  "detail" : "You are not authorized for this resource.",
  "errorCode" : "UNEXPECTED_ERROR"
}`

// challenge asks for a Digest response. It carries neither X-Error-Code nor
// RateLimit headers, and costs no token.
func (c *Cloud) challenge(isStale bool) reply {
	value := base64.StdEncoding.EncodeToString(c.randomBytes(24))
	c.nonces.add(value, c.now())
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Date", c.now().Format(http.TimeFormat))
	h.Set("Server", "mdbws")
	h.Set("Vary", "Accept-Encoding")
	h.Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="%s", domain="", nonce="%s", algorithm=MD5, qop="auth", stale=%t`, realm, value, isStale))
	h.Set("X-Envoy-Upstream-Service-Time", "5")
	return reply{status: http.StatusUnauthorized, header: h, body: []byte(challengeBody)}
}

// parseDigest takes an Authorization header apart. Quoted values may hold
// commas; none of ours holds an escaped quote.
func parseDigest(header string) (map[string]string, bool) {
	rest, ok := strings.CutPrefix(header, "Digest ")
	if !ok {
		return nil, false
	}
	given := map[string]string{}
	for rest != "" {
		name, after, found := strings.Cut(strings.TrimLeft(rest, ", "), "=")
		if !found {
			return nil, false
		}
		var value string
		if strings.HasPrefix(after, `"`) {
			value, rest, found = strings.Cut(after[1:], `"`)
			if !found {
				return nil, false
			}
		} else {
			value, rest, _ = strings.Cut(after, ",")
		}
		given[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return given, true
}
