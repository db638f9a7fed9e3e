package slackui

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryButtonHasAnEventInTheAuditTrail(t *testing.T) {
	t.Parallel()
	for action := range routes {
		require.NotEmpty(t, eventOf(action), action)
	}
}
