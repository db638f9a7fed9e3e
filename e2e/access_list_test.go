package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/sandbox/slack"
	"atlaskeybot/internal/sandbox/wire"
)

// requestAccessList is Alice's wish for another list; it returns the request.
func (w *Env) requestAccessList(id policy.ID, networks string) policy.ID {
	w.t.Helper()
	modal := w.ClickOpensModal(alice, "ready/replace_access_list")
	assert.Contains(w.t, string(modal.View), "in every project", "it is said before it is sent")
	assert.Equal(w.t, slack.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
	result := w.SubmitFields(alice, map[string]string{"networks": networks, "reason": "another runner"})
	require.Equal(w.t, slack.Closed, result.Outcome, "%+v", result)
	return w.successor(id, approval.AccessListChange)
}

// requireAccessList asserts that Atlas and the row agree on a key's list.
func (w *Env) requireAccessList(id policy.ID, want ...string) {
	w.t.Helper()
	keys := w.botKeys()
	require.Len(w.t, keys, 1)
	assert.ElementsMatch(w.t, want, networksOf(keys[0]))
	var inRow []string
	for _, n := range w.stored(id).Access.Networks {
		inRow = append(inRow, strings.TrimSuffix(n.String(), "/32"))
	}
	assert.ElementsMatch(w.t, want, inRow)
}

func TestAccessListChangeNeedsApproval(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		change := w.requestAccessList(id, "203.0.113.7 192.0.2.9")
		card := w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(change), "another runner")
		for _, said := range []string{"Added", "192.0.2.9", "Removed", "198.51.100.0/24"} {
			assert.True(t, contains(card, said), said)
		}
		w.requireAccessList(id, "203.0.113.7", "198.51.100.0/24")
		before := len(w.Wire.Calls())
		w.ClickIn(bob, "card/approve", string(change))
		w.WaitForState(change, approval.StateApplied)
		w.requireAccessList(id, "203.0.113.7", "192.0.2.9")
		w.WaitForMessage(alice, string(change), "updated: `203.0.113.7, 192.0.2.9`")
		assert.Equal(t, []string{"POST", "DELETE"}, w.listChanges(before), "nothing is taken away before the new is there")
	})
}

// listChanges are the methods of the calls that changed an access list, in
// order, with their signatures.
func (w *Env) listChanges(since int) []string {
	var methods []string
	for _, c := range w.Wire.Calls()[since:] {
		method, path, _ := strings.Cut(c.Operation, " ")
		if c.Side == wire.Atlas && c.Auth && method != "GET" && strings.Contains(path, "accessList") {
			methods = append(methods, method)
		}
	}
	return methods
}

func TestNarrowingNeedsNoApproval(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		change := w.requestAccessList(id, "203.0.113.7")
		w.WaitForState(change, approval.StateApplied)
		again, err := w.Slack.SubmitAgain(w.ctx(), alice)
		require.NoError(t, err)
		assert.Equal(t, slack.Closed, again.Outcome, "sent again after it was done, it is the same change")
		assert.Equal(t, 1, w.countSuccessors(id))
		w.requireAccessList(id, "203.0.113.7")
		card := w.WaitForMessageIn(bob, slack.Approvals, string(change), "No approval needed")
		assert.False(t, contains(card, "card/approve"))
		w.WaitForMessage(alice, string(change), "updated: `203.0.113.7`")
	})
}

func TestAccessListFormErrors(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		w.ClickOpensModal(alice, "ready/replace_access_list")
		for typed, says := range map[string]string{
			"203.0.113.7, 198.51.100.0/24": "exactly this list already",
			"10.0.0.1":                     "private",
		} {
			result := w.SubmitFields(alice, map[string]string{"networks": typed, "reason": "why not"})
			require.Equal(t, slack.Refused, result.Outcome, typed)
			assert.Contains(t, result.Errors["networks"], says)
		}
		assert.Zero(t, w.countSuccessors(id))
		w.requireAccessList(id, "203.0.113.7", "198.51.100.0/24")
	})
}

const (
	listAccess  = "GET /orgs/{orgId}/apiKeys/{id}/accessList"
	cutAccess   = "DELETE /orgs/{orgId}/apiKeys/{id}/accessList/{entry}"
	refusedCode = "CANNOT_ADD_IP_ADDRESS_TO_API_KEY_ACCESS_LIST"
)

func TestAccessListChangeUnderFaults(t *testing.T) {
	for name, fault := range map[string]wire.Fault{
		"list: 503":                faultOn(wire.Atlas, listAccess, wire.HTML503),
		"add: 503":                 faultOn(wire.Atlas, addAccess, wire.HTML503),
		"add: the answer is lost":  faultOn(wire.Atlas, addAccess, wire.LostAfter),
		"add: 500, and it is done": faultOn(wire.Atlas, addAccess, wire.Error500After),
		"cut: 503":                 faultOn(wire.Atlas, cutAccess, wire.HTML503),
		"cut: the answer is lost":  faultOn(wire.Atlas, cutAccess, wire.LostAfter),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEnv(t, false, nil)
			id := w.active()
			change := w.requestAccessList(id, "203.0.113.7 192.0.2.9")
			w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(change))
			w.inject(fault)
			w.ClickIn(bob, "card/approve", string(change))
			w.WaitUntil("the change is made", func() bool {
				if w.stored(change).State == approval.StateApplied {
					return true
				}
				w.Advance(10 * time.Second)
				return false
			})
			w.requireAccessList(id, "203.0.113.7", "192.0.2.9")
			w.WaitForMessage(alice, string(change), "updated:")
			assert.True(t, w.wasInjected(fault), "the fault befell no call")
		})
	}
}

// wasInjected reports whether a planned fault befell a call.
func (w *Env) wasInjected(f wire.Fault) bool {
	for _, c := range w.Wire.Calls() {
		if c.Side == f.Side && c.Operation == f.Operation && c.Fault == f.Mode {
			return true
		}
	}
	return false
}

func TestAddressRefusedByAtlasFailsChange(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		change := w.requestAccessList(id, "203.0.113.7 192.0.2.9")
		w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(change))
		w.inject(atlasError(addAccess, 400, refusedCode, -1))
		w.ClickIn(bob, "card/approve", string(change))
		r := w.WaitForState(change, approval.StateFailed)
		assert.Equal(t, approval.CauseBadAddress, r.Outcome.Cause)
		w.WaitForMessage(alice, string(change), "doesn't accept one of the addresses")
		w.WaitForMessageIn(bob, slack.Approvals, string(change), "Nothing was changed")
		w.requireAccessList(id, "203.0.113.7", "198.51.100.0/24")
		assert.Equal(t, approval.StateActive, w.stored(id).State)
	})
}

// Atlas adds the new address and then refuses to delete the former one.
func TestPartialAccessListChangeIsRolledBack(t *testing.T) {
	onTransport(t, func(t *testing.T, w *Env) {
		id := w.active()
		change := w.requestAccessList(id, "203.0.113.7 192.0.2.9")
		w.WaitForMessageIn(bob, slack.Approvals, "card/approve", string(change))
		w.inject(atlasError("DELETE /orgs/{orgId}/apiKeys/{id}/accessList/{entry}", 400, refusedCode, 3))
		w.ClickIn(bob, "card/approve", string(change))
		w.WaitForMessageIn(bob, slack.Approvals, string(change), "may work from both lists")
		w.WaitUntil("the change is over", func() bool {
			w.Advance(10 * time.Second)
			return w.stored(change).State.Final()
		})
		w.WaitForState(change, approval.StateFailed)
		w.requireAccessList(id, "203.0.113.7", "198.51.100.0/24")
		w.WaitForMessage(alice, string(change), "keeps its previous IP access list")
		assert.Equal(t, approval.StateActive, w.stored(id).State)
	})
}
