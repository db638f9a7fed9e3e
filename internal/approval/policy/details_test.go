package policy_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval/policy"
)

func ticketPolicy(required bool) policy.Policy {
	p := testPolicy()
	p.DetailFields = []policy.DetailField{{Field: policy.FieldTicket, Label: "Ticket", Pattern: regexp.MustCompile(`\A(?:ÖPS-[0-9]+)\z`), Example: "ÖPS-1", Required: required}}
	return p
}

func withTicket(ticket string) policy.Form {
	return form(func(f *policy.Form) { f.Details = policy.Details{"ticket": ticket, "other": "x"} })
}

func TestCheckReportsTicket(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typed    string
		required bool
		code     policy.ProblemCode
	}{
		"missing":             {"", true, policy.Missing},
		"invisible":           {"\u200b", true, policy.Missing},
		"not matching":        {"OPS-12", false, policy.NotMatching},
		"a part that matches": {"xÖPS-12", true, policy.NotMatching},
		"two lines":           {"ÖPS-1\nx", true, policy.Unprintable},
		"reversed":            {"ÖPS-\u202e1", true, policy.Unprintable},
		"too long":            {"ÖPS-" + strings.Repeat("1", policy.MaxDetail), true, policy.TooLong},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ticketPolicy(tt.required).Check(withTicket(tt.typed))
			wrong, ok := errors.AsType[*policy.FormError](err)
			require.True(t, ok)
			require.Len(t, wrong.Problems, 1)
			problem := wrong.Problems[0]
			assert.Equal(t, policy.FieldTicket, problem.Field)
			assert.Equal(t, tt.code, problem.Code)
			assert.Equal(t, "Ticket", problem.Label)
			assert.Equal(t, "ÖPS-1", problem.Hint)
		})
	}
}

func TestDetailsOfNormalizesTicket(t *testing.T) {
	t.Parallel()
	f := withTicket("  O\u0308PS-12\u200b ")
	_, err := ticketPolicy(true).Check(f)
	require.NoError(t, err)
	require.Equal(t, policy.Details{"ticket": "ÖPS-12"}, ticketPolicy(true).DetailsOf(f), "composed, and no name that the policy does not have")
	require.Nil(t, ticketPolicy(false).DetailsOf(withTicket(" ")))
	require.Nil(t, testPolicy().DetailsOf(f), "the policy has no such field")
}
