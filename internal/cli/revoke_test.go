package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

func TestNoKeyReason(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		r    approval.Request
		want string
	}{
		"approved": {approval.Request{State: approval.StateApproved, ExpiresAt: at}, "AKR-00001 has no key: it is approved, and its requester can create one until 2026-11-23 16:00:00 UTC. Revoke it then"},
		"issuing":  {approval.Request{State: approval.StateIssuing}, "the key of AKR-00001 is being created at this moment: try again in a minute"},
		"begun": {approval.Request{State: approval.StateIssuing, Org: "o1", Issuance: approval.Issuance{Stage: approval.StageStarted}},
			"the key of AKR-00001 is being created at this moment: try again in a minute. If nothing changes, a bot that is set up for the organization o1 has to be started: it cleans up"},
		"unresolved": {approval.Request{State: approval.StateApproved, Org: "o1", UnresolvedCreates: []approval.UnresolvedCreate{{Attempt: 1}}},
			"Atlas did not say whether it created a key for AKR-00001: a running bot that is set up for the organization o1 looks for one and deletes it. If it cannot wait, look in Atlas for a key whose description contains AKR-00001"},
		"leftover": {approval.Request{State: approval.StateEnded, Leftover: approval.Leftover{Key: approval.Key{PublicKey: "abcdefgh"}, SearchAt: at}},
			"Atlas said that the key abcdefgh of AKR-00001 was deleted, and lists it again: a running bot keeps deleting it. If it cannot wait, delete it in Atlas"},
		"denied":    {approval.Request{State: approval.StateDenied}, "AKR-00001 has no key: it was denied"},
		"withdrawn": {approval.Request{State: approval.StateWithdrawn}, "AKR-00001 has no key: its requester withdrew it"},
		"expired":   {approval.Request{State: approval.StateExpired}, "AKR-00001 has no key: it expired"},
		"failed":    {approval.Request{State: approval.StateFailed}, "AKR-00001 has no key: none could be created"},
		"a change":  {approval.Request{State: approval.StateApplied, Type: approval.Extension, ParentID: "AKR-00002"}, "AKR-00001 is about a change of the key of AKR-00002: revoke that one"},
	} {
		tt.r.ID = "AKR-00001"
		assert.Equal(t, tt.want, noKeyReason(tt.r), name)
	}
	for want, m := range map[string]approval.Deletion{
		"the bot has not tried it yet":                                  {},
		"Atlas does not answer, or limits the rate of calls":            {Cause: approval.CauseAtlasUnavailable},
		"Atlas does not accept the bot's own credential (UNAUTHORIZED)": {Cause: approval.CauseInvalidCredential, Code: "UNAUTHORIZED"},
		"Atlas does not allow the bot to delete it":                     {Cause: approval.CauseNotPermitted},
		"Atlas refuses to delete it (SOME_CODE)":                        {Cause: approval.CauseRefused, Code: "SOME_CODE"},
	} {
		assert.Equal(t, want, pendingReason(m))
	}
}

func TestRevokeRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":          {nil, 2, `"atlas-key-bot revoke" needs one KEY, as in AKR-7F3K2`},
		"two ids":          {[]string{"AKR-7F3K2", "AKR-7F3K3"}, 2, `"atlas-key-bot revoke" takes one KEY, as in AKR-7F3K2, and 2 were given`},
		"no id":            {[]string{"alice"}, 2, "a key is named by its request, as in AKR-7F3K2, by its public key, or by its ID in Atlas"},
		"an unknown flag":  {[]string{"--force", "AKR-7F3K2"}, 2, "unknown flag: --force\nSee 'atlas-key-bot revoke --help'."},
		"a long reason":    {[]string{"--reason", strings.Repeat("x", 1001), "AKR-7F3K2"}, 2, "--reason has more than 1000 characters"},
		"a hidden reason":  {[]string{"--reason", "\u202eno", "AKR-7F3K2"}, 2, "--reason is one line of plain text"},
		"no database":      {[]string{"--database", "sqlite:/no/such/bot.db", "AKR-7F3K2"}, 1, "opening the database: opening database /no/such/bot.db: there is no such file"},
		"memory's own one": {[]string{"--database", "sqlite::memory:", "AKR-7F3K2"}, 1, "one in memory is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := Main(t.Context(), append([]string{"revoke"}, tt.args...), Env{Environ: map[string]string{}, Stdout: &out, Stderr: &errs})
			assert.Equal(t, tt.code, code)
			assert.Empty(t, out.String())
			assert.Contains(t, errs.String(), tt.says)
		})
	}
}

func TestRemainingKeysNamesTheKeysOfARotationThatMayExist(t *testing.T) {
	t.Parallel()
	with := func(id policy.ID, key string, s approval.State) approval.Request {
		return approval.Request{ID: id, State: s, Key: approval.Key{PublicKey: key}}
	}
	assert.Empty(t, remainingKeys([]approval.Request{with("AKR-00002", "bbbbbbbb", approval.StateEnded), with("AKR-00003", "", approval.StatePending)}))
	assert.Equal(t, ". Other keys of its rotations are left: the key bbbbbbbb of AKR-00002, the key that is being created for AKR-00003. To have them deleted, run atlas-key-bot revoke AKR-00002",
		remainingKeys([]approval.Request{with("AKR-00001", "aaaaaaaa", approval.StateEnded), with("AKR-00002", "bbbbbbbb", approval.StateDelivered), with("AKR-00003", "", approval.StateIssuing)}))
}
