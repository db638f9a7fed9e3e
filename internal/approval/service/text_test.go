package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

func TestTypedIDToleratesAutocorrect(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"AKR-7F3K0", "akr-7f3k0", "AKR–7F3K0", "AKR—7F3K0", "AKR‑7F3K0", "AKR−7F3K0", "AKR -- 7F3K0", "AKR 7F3K0", "AKR7F3K0", "AKR_7F3K0",
		"“AKR-7F3K0”", "‘AKR-7F3K0’.", "'AKR-7F3K0'", "`AKR-7F3K0`", "\"akr-7f3k0\",", "(AKR-7F3K0)", "AKR-7F3KO", "akr-7f3ko", "AKR-7F3K0.",
		"\u200bAKR-7F3K0\u2060", "ＡＫＲ－７Ｆ３Ｋ０", "*AKR-7F3K0*", "AKR-7F3K0!",
	} {
		id, ok := approval.TypedID(typed)
		assert.True(t, ok, typed)
		assert.Equal(t, policy.ID("AKR-7F3K0"), id, typed)
	}
	id, ok := approval.TypedID("akr-il000")
	assert.True(t, ok)
	assert.Equal(t, policy.ID("AKR-11000"), id)
	for _, typed := range []string{"", "AKR", "AKR-", "AKR-7F3K", "AKR-7F3K21", "7F3K2", "XKR-7F3K2", "AKR-7F3K2 AKR-7F3K3", "AKR-7F3KU", "hello"} {
		_, ok := approval.TypedID(typed)
		assert.False(t, ok, typed)
	}
}

// TestReasonsKeepVisibleText: of requests and of denials.
func TestReasonsKeepVisibleText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy())
		r, err := w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.Reason = "re\u00adason\u2028Zu\u0308rich\r\n\u200b" }))
		require.NoError(t, err)
		assert.Equal(t, "reason\nZürich", r.Reason)
		r, err = w.Deny(t.Context(), as(bob), r.ID, "\u202eno\u2029\x1b[2Jway\ufeff")
		require.NoError(t, err)
		assert.Equal(t, "no\n[2Jway", r.Decision.Reason)

		r, err = w.Submit(t.Context(), as(alice), form(func(f *policy.Form) { f.IdempotencyKey = "V2" }))
		require.NoError(t, err)
		r, err = w.Deny(t.Context(), as(bob), r.ID, "\u200b \u3164\u202e")
		require.NoError(t, err)
		assert.Empty(t, r.Decision.Reason)
	})
}

func TestProjectSearchIgnoresSpelling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newEnv(t, testPolicy(allowProjects))
		zurich := policy.Project{ID: "64b000000000000000000003", Name: "Zürich – daten"}
		w.Keys.Have("org", zurich, policy.Project{ID: "64b000000000000000000004", Name: "e\u0301quipe\u200b\u202e\u2028b"})
		c := &service.ProjectCache{KeysOf: w.Keys.Of, Now: time.Now}
		for _, typed := range []string{"zu\u0308rich", "ZÜRICH", "zurich - d", "zürich\u00a0—\u3000daten", "Zürich\u200b", "rich –"} {
			found, err := c.Search(t.Context(), "org", typed)
			require.NoError(t, err)
			assert.Equal(t, []policy.Project{zurich}, found, typed)
		}
		found, err := c.Search(t.Context(), "org", "équipe")
		require.NoError(t, err)
		require.Len(t, found, 1)
		assert.Equal(t, "équipe b", found[0].Name)
	})
}
