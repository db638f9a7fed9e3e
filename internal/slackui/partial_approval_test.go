package slackui_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	sandbox "atlaskeybot/internal/sandbox/slack"
)

// requestAll asks for two roles and a project, for a week.
func (d *env) requestAll(user string) approval.Request {
	d.t.Helper()
	d.openForm(user)
	d.options(user, "pay")
	d.fill(user, filled(func(v values) {
		v["projects"] = map[string]sandbox.Value{"projects": sandbox.Pick(payments)}
		v["project_roles"] = map[string]sandbox.Value{"project_roles": sandbox.Pick("GROUP_READ_ONLY")}
		v["lifetime"] = map[string]sandbox.Value{"lifetime": sandbox.Pick("168h0m0s")}
	}))
	require.Equal(d.t, sandbox.Closed, d.submit(user, nil).Outcome)
	return d.requestsOf(user)[0]
}

var reducedForm = values{
	"projects": {"projects": sandbox.Pick()},
	"networks": {"networks": sandbox.Text("203.0.113.7")},
	"lifetime": {"lifetime": sandbox.Pick("8h0m0s")},
}

func TestPartialApproval(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, edits...)
			r := d.requestAll(alice)
			d.click(bob, "card/approve_partial")
			modal := d.waitForModal(bob)
			require.Equal(t, sandbox.Pick("ORG_READ_ONLY"), modal.Values["roles"]["roles"])
			require.Equal(t, sandbox.Pick(payments), modal.Values["projects"]["projects"])
			require.Equal(t, sandbox.Text("203.0.113.7\n198.51.100.0/24"), modal.Values["networks"]["networks"])
			require.Equal(t, sandbox.Pick("168h0m0s"), modal.Values["lifetime"]["lifetime"])

			result := d.submit(bob, values{"networks": {"networks": sandbox.Text("203.0.113.7 192.0.2.1")}})
			require.Contains(t, result.Errors["networks"], "“192.0.2.1/32” isn't within the requested addresses")
			require.Equal(t, sandbox.Text("203.0.113.7 192.0.2.1"), d.waitForModal(bob).Values["networks"]["networks"])
			d.waitForState(r.ID, approval.StatePending)

			require.Equal(t, sandbox.Closed, d.submit(bob, reducedForm).Outcome)
			again, err := d.SubmitAgain(t.Context(), bob)
			require.NoError(t, err)
			require.Equal(t, sandbox.Closed, again.Outcome, "sent twice it is one approval")
			r = d.waitForState(r.ID, approval.StateApproved)
			require.Len(t, r.Approvals, 1)
			require.Equal(t, policy.UserID(bob), r.ReducedBy)
			require.Empty(t, r.Access.Projects)
			require.Equal(t, []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, r.Access.Networks)
			require.Equal(t, 8*time.Hour, r.Access.Lifetime)
			d.requireClean()
		})
	}
}

func TestPartialApprovalIsRefusedToOthers(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.requestAll(alice)
	d.click(alice, "card/approve_partial")
	d.waitForMessage(alice, "This is your own request")
	d.Join(sandbox.Carol, sandbox.Approvals)
	d.click(sandbox.Carol, "card/approve_partial")
	d.waitForMessage(sandbox.Carol, "Only approvers can decide")

	d.faults.add(fault{method: "views.open", answer: status(200, `{"ok":false,"error":"expired_trigger_id"}`)})
	d.click(bob, "card/approve_partial")
	d.waitForMessage(bob, "The form didn't open in time")

	d.click(bob, "card/approve_partial")
	d.waitForModal(bob)
	d.click(dana, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
	require.Equal(t, sandbox.Updated, d.submit(bob, reducedForm).Outcome)
	d.waitForModalText(bob, "<@U0DANA> already approved this")
	require.Equal(t, 7*24*time.Hour, d.waitForState(r.ID, approval.StateApproved).Access.Lifetime)
	d.requireClean()
}

// TestStalePartialApprovalForm is no approval of what a user did approve before.
func TestStalePartialApprovalForm(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.requestAll(alice)
	d.click(bob, "card/approve_partial")
	d.waitForModal(bob)
	d.click(bob, "card/approve")
	d.waitForState(r.ID, approval.StateApproved)
	require.Equal(t, sandbox.Updated, d.submit(bob, reducedForm).Outcome)
	d.waitForModalText(bob, "You already decided on this")
}

// TestPartialApprovalOfTwo: who approved a part is not asked again.
func TestPartialApprovalOfTwo(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t, func(s *envOptions) { s.policy.Requirements[0].Count = 2 })
	r := d.requestAll(alice)
	d.click(bob, "card/approve_partial")
	d.waitForModal(bob)
	require.Equal(t, sandbox.Closed, d.submit(bob, reducedForm).Outcome)
	again, err := d.SubmitAgain(t.Context(), bob)
	require.NoError(t, err)
	require.Equal(t, sandbox.Closed, again.Outcome)
	r = d.waitForState(r.ID, approval.StatePending)
	require.Len(t, r.Approvals, 1)
	require.Equal(t, 8*time.Hour, r.Access.Lifetime)

	d.click(dana, "card/approve_partial")
	modal := d.waitForModal(dana)
	require.NotContains(t, modalText(modal), `"block_id":"projects"`, "there are none any more")
	require.Equal(t, sandbox.Closed, d.submit(dana, nil).Outcome)
	require.Equal(t, []approval.Approval{r.Approvals[0], d.waitForState(r.ID, approval.StateApproved).Approvals[1]}, d.waitForState(r.ID, approval.StateApproved).Approvals)
	d.requireClean()
}

func TestPartialApprovalFormStaysOpenWhenStoreFails(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.requestAll(alice)
	d.click(bob, "card/approve_partial")
	d.waitForModal(bob)
	d.faults.add(fault{method: "users.info", about: bob, answer: status(500, "")}) // and not of the form that is still being drawn for alice
	result := d.submit(bob, reducedForm)
	require.Contains(t, result.Errors["roles"], "press Approve again")
	require.Equal(t, sandbox.Closed, d.submit(bob, nil).Outcome, "and what was filled in is still there")
	require.Equal(t, 8*time.Hour, d.waitForState(r.ID, approval.StateApproved).Access.Lifetime)
}

func TestPartialApprovalInHomeRefreshesHome(t *testing.T) {
	t.Parallel()
	d := newRichEnv(t)
	r := d.requestAll(alice)
	d.waitForButton(bob, "card/approve_partial")
	require.NoError(t, d.OpenHome(t.Context(), bob))
	d.waitForScreen(bob, "the request in the Home tab", func(s sandbox.Screen) bool { return strings.Contains(string(s.Home), `"action_id":"approve_partial"`) })
	require.NoError(t, d.ClickInHome(t.Context(), bob, "approve_partial", string(r.ID)))
	d.waitForModal(bob)
	require.Equal(t, sandbox.Closed, d.submit(bob, reducedForm).Outcome)
	d.waitForState(r.ID, approval.StateApproved)
	d.waitForScreen(bob, "that it waits no longer", func(s sandbox.Screen) bool { return !strings.Contains(string(s.Home), `"action_id":"approve_partial"`) })
	d.requireClean()
}

// TestFormForTooManyAddressesIsRefused: the approver reads why, and the audit trail
// has it.
func TestFormForTooManyAddressesIsRefused(t *testing.T) {
	t.Parallel()
	for name, edits := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newRichEnv(t, edits...)
			r := d.requestAll(alice)
			many := r
			many.ID, many.IdempotencyKey, many.MessageRefs, many.Access.Networks = "AKR-22222", "V9", nil, nil
			for i := range 250 {
				many.Access.Networks = append(many.Access.Networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 100, 100, byte(i)}), 32))
			}
			many, err := d.store.Create(t.Context(), many, approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: many.ID, Event: approval.EventSubmit, To: many.State, By: r.Requester})
			require.NoError(t, err)
			require.NoError(t, d.ForgeClick(t.Context(), sandbox.Forgery{User: bob, TS: "1700000000.000001", ActionID: "approve_partial", BlockID: "card:" + string(many.ID), Value: string(many.ID)}))
			d.waitForMessage(bob, "too many addresses for a form")
			require.Nil(t, d.Screen(bob).Modal)
			d.waitForState(many.ID, approval.StatePending)
			entries := d.store.Entries()
			last := entries[len(entries)-1]
			require.Equal(t, []any{many.ID, approval.EventApprove, "too_many_for_form"}, []any{last.Request, last.Event, last.Refused})
		})
	}
}
