package atlas

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// FuzzTag checks that any description ends with its own tag, is not too long, and
// parses as that tag.
func FuzzTag(f *testing.F) {
	f.Add("billing export", 1)
	f.Add("x - keybot AKR-AAAAA attempt 1 of ABCDEF", 2)
	f.Add("keybot AKR-AAAAA attempt 1 of ABCDEF\n", 999_999_999)
	f.Add("\xff\u202e𝔄𝔄𝔄", 7)
	f.Fuzz(func(t *testing.T, text string, attempt int) {
		m := Tag{Request: "AKR-7F3K2", Attempt: 1 + (attempt&0x7fffffff)%999_999_999, Bot: "QRSTUV"}
		description := Describe(text, m)
		read, ok := parseTag(description)
		require.True(t, ok)
		require.Equal(t, m, read)
		require.LessOrEqual(t, len(utf16.Encode([]rune(description))), maxDescription)
		if read, ok := parseTag(text); ok { // possibly another bot's: it has to be complete
			require.Positive(t, read.Attempt)
			require.NotEmpty(t, read.Request)
			require.NotEmpty(t, read.Bot)
		}
	})
}

// FuzzRetryAfter checks that no header asks to retry in the past.
func FuzzRetryAfter(f *testing.F) {
	f.Add("0", []byte(`{"errorCode":"RATE_LIMITED_TOKEN_BUCKET","parameters":["api",7,500,250,60]}`))
	f.Add("Wed, 21 Oct 2015 07:28:00 GMT", []byte(`{}`))
	f.Add("-1", []byte(`{"errorCode":"RATE_LIMITED_TOKEN_BUCKET","parameters":["api",-7]}`))
	f.Add("99999999999999999999", []byte(`{"errorCode":"RATE_LIMITED_TOKEN_BUCKET","parameters":["api",1e99]}`))
	client := &Client{now: func() time.Time { return time.Unix(1_700_000_000, 0) }}
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		wait := client.retryAfter(http.Header{"Retry-After": {header}}, readErrorBody(body))
		require.GreaterOrEqual(t, wait, time.Duration(0))
	})
}

// FuzzKeyList checks that every listed key is complete.
func FuzzKeyList(f *testing.F) {
	f.Add([]byte(`[{"id":"65a1b2c3d4e5f60718293a4b","publicKey":"abcdefgh","desc":"x","roles":[{"orgId":"a0123456789abcdef012345a","roleName":"ORG_MEMBER"}]}]`))
	f.Add([]byte(`[{"id":"65A1","publicKey":7},null,{}]`))
	f.Add([]byte(`[{"id":"65a1b2c3d4e5f60718293a4b","publicKey":"a\nb","roles":null}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var list []keyBody
		if json.Unmarshal(body, &list) != nil {
			return
		}
		for _, b := range list {
			if k, err := b.key("a0123456789abcdef012345a"); err == nil {
				require.True(t, isID(k.ID))
				require.True(t, namePattern.MatchString(k.PublicKey), k.PublicKey)
			}
		}
	})
}
