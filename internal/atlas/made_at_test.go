package atlas

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The ids and times are those of testdata/responses 01, 02 and 20.
func TestAKeysIDTellsWhenItWasMade(t *testing.T) {
	t.Parallel()
	for id, created := range map[string]string{
		"6a793f752c88faeba59bba49": "2026-08-10T03:03:17Z", // gswvkocq
		"6a793f5d2c88faeba59ba528": "2026-08-10T03:02:53Z", // mcpvrzod
	} {
		assert.Equal(t, created, madeAt(id).UTC().Format(time.RFC3339))
	}
	for _, bad := range []string{"", "6a793f75", "6A793F752C88FAEBA59BBA49", "zzzzzzzz2c88faeba59bba49"} {
		assert.True(t, madeAt(bad).IsZero(), bad)
	}
}
