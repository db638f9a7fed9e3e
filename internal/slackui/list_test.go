package slackui_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

var listedID = regexp.MustCompile(`\*(AKR-[0-9A-Z]{5})\*`)

// addRequests stores requests of a user that are over, the newest with the highest
// number, and one of the oldest that still waits.
func (d *env) addRequests(user policy.UserID, many int) {
	d.t.Helper()
	began := time.Now().Add(-24 * time.Hour)
	for n := range many {
		r := approval.Request{
			ID: policy.ID(fmt.Sprintf("AKR-%05d", n)), Org: org, Kind: approval.APIKey, State: approval.StateWithdrawn, IdempotencyKey: fmt.Sprintf("V-%s-%d", user, n),
			Requester: user, RequestedAt: began.Add(time.Duration(n/3) * time.Second), Reason: "backfill", Access: policy.Access{Description: fmt.Sprintf("number %d", n)},
			ExpiresAt: time.Now().Add(time.Hour), Messages: []approval.MessageName{},
		}
		if n == 1 {
			r.State = approval.StatePending
		}
		_, err := d.store.Create(d.t.Context(), r, approval.AuditEntry{At: r.RequestedAt, Org: org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: user})
		require.NoError(d.t, err)
	}
}

// listPage waits for a list that begins with a request, and returns its ids.
func (d *env) listPage(user, first string) []string {
	d.t.Helper()
	var ids []string
	d.waitForScreen(user, "the page that begins with "+first, func(s sandbox.Screen) bool {
		_, m, ok := find(s, func(m sandbox.Message) bool {
			found := listedID.FindStringSubmatch(string(m.Blocks))
			return found != nil && found[1] == first
		})
		ids = nil
		for _, found := range listedID.FindAllStringSubmatch(string(m.Blocks), -1) {
			ids = append(ids, found[1])
		}
		return ok
	})
	return ids
}

func TestListReachesEveryRequestPageByPage(t *testing.T) {
	t.Parallel()
	d := newEnv(t)
	d.addRequests(alice, 47)
	d.command(alice, "list")
	// Three of each second, by id: the newest second has two, AKR-00045 and AKR-00046.
	first := d.listPage(alice, "AKR-00045")
	require.Len(t, first, 20)
	d.click(alice, "list/page:next")
	second := d.listPage(alice, "AKR-00024")
	require.Len(t, second, 20)
	d.click(alice, "list/page:next")
	third := d.listPage(alice, "AKR-00008")
	require.Equal(t, []string{"AKR-00008", "AKR-00003", "AKR-00004", "AKR-00005", "AKR-00000", "AKR-00001", "AKR-00002"}, third)
	d.waitForNoButton(alice, "list/page:next")
	seen := map[string]bool{}
	for _, page := range [][]string{first, second, third} {
		for _, id := range page {
			seen[id] = true
		}
	}
	assert.Len(t, seen, 47)
	d.click(alice, "list/withdraw")
	d.waitForState("AKR-00001", approval.StateWithdrawn)
	d.waitForNoButton(alice, "list/withdraw")
	d.listPage(alice, "AKR-00000") // still where they were, and not at the beginning
	d.click(alice, "list/page:previous")
	require.Len(t, d.listPage(alice, "AKR-00022"), 20)
	d.click(alice, "list/page:previous")
	require.Len(t, d.listPage(alice, "AKR-00044"), 20)
	d.click(alice, "list/page:previous") // fewer than a page are newer
	require.Equal(t, first, d.listPage(alice, "AKR-00045"))
	d.waitForNoButton(alice, "list/page:previous")
	d.requireClean()
}
