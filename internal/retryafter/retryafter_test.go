package retryafter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/retryafter"
)

var now = time.Date(2026, time.August, 10, 3, 0, 0, 0, time.UTC)

const century = 100 * 365 * 24 * time.Hour

func TestParseReadsSecondsAndDates(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"0":                              0,
		"4":                              4 * time.Second,
		" 4 ":                            4 * time.Second,
		"0004":                           4 * time.Second,
		"4.7":                            4 * time.Second,
		"2592000":                        30 * 24 * time.Hour,
		"2147483648":                     2147483648 * time.Second,
		"9223372036854775807":            century,
		"99999999999999999999999":        century,
		"Mon, 10 Aug 2026 03:00:05 GMT":  5 * time.Second,
		"Monday, 10-Aug-26 03:00:05 GMT": 5 * time.Second,
		"Mon Aug 10 03:00:05 2026":       5 * time.Second,
		"Fri, 31 Dec 9999 23:59:59 GMT":  century,
		"Wed, 21 Oct 2015 07:28:00 GMT":  0,
		"Mon, 01 Jan 0001 00:00:00 GMT":  0,
		"-1":                             0,
		"-99999999999999999999999":       0,
		"+5":                             0,
		"1e9":                            0,
		"0x10":                           0,
		"inf":                            0,
		"4.x":                            0,
		".5":                             0,
		"5 minutes":                      0,
		"5, 7":                           0,
		"٥":                              0,
		"":                               0,
	} {
		assert.Equal(t, want, retryafter.Parse(value, now), "%q", value)
	}
}

// FuzzParse checks that every wait is between zero and Longest.
func FuzzParse(f *testing.F) {
	f.Add("120")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		wait := retryafter.Parse(value, now)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, retryafter.Longest)
	})
}
