package audittrail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

// An auditor who wants a day of a long life needs what came before it: the key
// was made, and its deletion may have gone unheard, long ago.
func TestFeedStartCoversDeletedKeys(t *testing.T) {
	t.Parallel()
	const day = 24 * 60
	entries := []approval.AuditEntry{
		lineAt(0, approval.EventKeyCreated, keyA), lineAt(10*day, approval.EventKeyCreated, keyB), lineAt(40*day, approval.EventDeleted, keyB, approval.StateEnded),
	}
	for name, tt := range map[string]struct {
		since float64
		want  float64
	}{
		"the whole trail":          {0, -day},
		"days when nothing went":   {41 * day, 40 * day},
		"days in which a key went": {39 * day, 9 * day},
		"from before it was made":  {5 * day, 4 * day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, minute(tt.want), feedStart(entries, Filter{Since: minute(tt.since)}))
		})
	}
	require.Equal(t, minute(-1), trailStart(entries, minute(50*day)))
	require.Equal(t, minute(50*day), trailStart(nil, minute(50*day)))
}
