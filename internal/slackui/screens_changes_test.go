package slackui

import (
	"fmt"
	"net/netip"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/view"
)

// The situations of an active key and of changes requested for it.

func withSuccessor(r *approval.Request) { r.Successor = "AKR-2Q9XV" }

func powerful(r *approval.Request) { r.Access.Roles = []policy.Role{"ORG_OWNER"} }

// ownerReminded is a key of whose expiry its owner was reminded n times.
// told is a request whose owner was reminded n times that its key expires.
func ownerReminded(n int) edit {
	return func(r *approval.Request) {
		r.ExpiryReminders = n
		for i := range n {
			r.Messages = append(r.Messages, approval.ExpiryReminderMessage(i+1))
		}
	}
}

func extension(r *approval.Request) {
	r.Type, r.ParentID = approval.Extension, "AKR-2Q9XV"
	r.Change = approval.ChangeDetails{OldEnd: later.Add(8 * time.Hour), NewEnd: later.Add(8*time.Hour + r.Access.Lifetime)}
}

func accessListChange(r *approval.Request) {
	r.Type, r.ParentID = approval.AccessListChange, "AKR-2Q9XV"
	r.Change = approval.ChangeDetails{OldNetworks: networks("203.0.113.7/32", "192.0.2.0/28")}
}

// accessListReduction takes an address away, which takes no approval.
func accessListReduction(r *approval.Request) {
	accessListChange(r)
	r.Change.OldNetworks = append(r.Access.Networks, networks("192.0.2.1/32")...)
	r.State, r.Decision, r.ExpiresAt = approval.StateApplying, approval.Decision{At: requestedAt}, time.Time{}
}

func applying(c approval.Cause) edit {
	return func(r *approval.Request) {
		r.State, r.Decision = approval.StateApplying, approval.Decision{By: "U0BOB", At: later}
		r.Issuance.Cause = c
	}
}

// ownsProjects is a key that created projects, or of which that is not known.
func ownsProjects(proven ...bool) edit {
	return func(r *approval.Request) {
		for i, is := range proven {
			id := policy.ProjectID(fmt.Sprintf("%024d", i))
			r.Owns = append(r.Owns, approval.OwnedProject{Project: policy.Project{ID: id, Name: "new *" + fmt.Sprint(i) + "*"}, Proven: is})
		}
	}
}

// leavesProjects is a successor of such a key.
func leavesProjects(r *approval.Request) {
	ownsProjects(true, false)(r)
	r.Change.Left, r.Owns = r.Owns, nil
}

// rollingBackChange is a change that Atlas refused half-way.
func rollingBackChange(r *approval.Request) {
	applying(approval.CauseRefused)(r)
	r.Issuance.Stage, r.Deletion.Since = approval.StageRollingBack, later
}

func applied(r *approval.Request) {
	if r.State == approval.StatePending {
		r.Decision = approval.Decision{By: "U0BOB", At: later}
	}
	r.State, r.Outcome = approval.StateApplied, approval.Outcome{At: later.Add(time.Minute)}
}

func notApplied(c approval.Cause) edit {
	return func(r *approval.Request) {
		applying(approval.CauseNone)(r)
		r.State, r.Outcome = approval.StateFailed, approval.Outcome{Cause: c, At: later, Code: "SOME_ATLAS_CODE"}
	}
}

// rotation is a request for a key that takes over, in the state that then sets.
func rotation(then edit) edit {
	return func(r *approval.Request) {
		then(r)
		r.Type, r.ParentID, r.KeyExpiresAt, r.CarriesDecision = approval.Rotation, "AKR-2Q9XV", later.Add(8*time.Hour), true
		r.Decision.At = requestedAt.Add(-24 * time.Hour) // of the key before it
	}
}

// ofBreakGlass is a rotation of a key that was taken by break-glass.
func ofBreakGlass(r *approval.Request) { r.BreakGlassOf, r.Decision.By = r.ParentID, "" }

// rotationAfterTransfer asks to rotate a key that was transferred.
func rotationAfterTransfer(r *approval.Request) {
	r.Type, r.ParentID, r.KeyExpiresAt = approval.Rotation, "AKR-2Q9XV", later.Add(8*time.Hour)
}

// changeSituations are about changes and rotations.
var changeSituations = map[string][]edit{
	"extension.pending":          with(extension),
	"extension.pending.large":    with(large, extension),
	"extension.pending.powerful": with(powerful, extension),
	"extension.denied":           with(extension, deniedFor("not on a Friday\n"+hostile)),
	"extension.withdrawn":        with(extension, withdrawn),
	"extension.expired":          with(extension, expired(approval.CauseUndecided)),
	"extension.applying":         with(extension, applying(approval.CauseNone)),
	"extension.applied":          with(extension, applied),
	"extension.failed":           with(extension, notApplied(approval.CauseKeyNotActive)),

	"access_list.pending":                        with(accessListChange),
	"access_list.pending.large":                  with(large, accessListChange),
	"access_list.denied":                         with(accessListChange, deniedFor("")),
	"access_list.withdrawn":                      with(accessListChange, withdrawn),
	"access_list.expired":                        with(accessListChange, expired(approval.CauseUndecided)),
	"access_list.applying":                       with(accessListChange, applying(approval.CauseNone)),
	"access_list.applying.atlas_unavailable":     with(accessListChange, applying(approval.CauseAtlasUnavailable)),
	"access_list.applying.invalid_credential":    with(accessListChange, applying(approval.CauseInvalidCredential)),
	"rotation.left":                              with(rotation(approved), leavesProjects),
	"active.owns":                                with(active, ownsProjects(true, true)),
	"active.owns.unknown":                        with(active, ownsProjects(true, false)),
	"active.owns.none":                           with(active, ownsProjects()),
	"active.owns.many":                           with(active, ownsProjects(make([]bool, 40)...)),
	"ended.owned":                                with(active, ownsProjects(true), ended(approval.Outcome{Cause: approval.CauseKeyExpired, At: later})),
	"access_list.rolling_back":                   with(accessListChange, rollingBackChange),
	"access_list.rolling_back.atlas_unavailable": with(accessListChange, rollingBackChange, func(r *approval.Request) { r.Issuance.Cause = approval.CauseAtlasUnavailable }),
	"access_list.rolling_back.overdue":           with(accessListChange, rollingBackChange, overdue),
	"access_list.failed.key_not_active":          with(accessListChange, notApplied(approval.CauseKeyNotActive)),
	"access_list.reducing":                       with(accessListReduction),
	"access_list.reduced":                        with(accessListReduction, applied),
	"access_list.applied":                        with(accessListChange, applied),
	"access_list.failed":                         with(accessListChange, notApplied(approval.CauseBadAddress)),
	"access_list.failed.other":                   with(accessListChange, notApplied(approval.CauseRefused)),

	"rotation.approved":             with(rotation(approved)),
	"rotation.issuing":              with(rotation(issuing)),
	"rotation.delivered":            with(rotation(delivered)),
	"rotation.active":               with(rotation(active)),
	"rotation.withdrawn":            with(rotation(approved), withdrawn),
	"rotation.expired":              with(rotation(approved), expired(approval.CauseNotIssuedInTime)),
	"rotation.breakglass":           with(rotation(approved), ofBreakGlass),
	"rotation.transferred":          with(rotationAfterTransfer),
	"rotation.transferred.powerful": with(powerful, rotationAfterTransfer),
	"rotation.transferred.approved": with(rotationAfterTransfer, approved),
	"rotation.transferred.denied":   with(rotationAfterTransfer, deniedFor("ask for a new one")),
	"rotation.ended":                with(rotation(ended(endDate))),
	"rotation.failed":               with(rotation(failed(approval.CauseKeyLimit))),
	"active.unrestricted":           with(unrestricted),
}

// homes are Home tabs: of a user with nothing, with everything, of an
// approver, and with more than there is room for.
func homes(manyKeys, manyWaiting []approval.Request) map[string]any {
	search := view.Search{Person: "U0ALICE", Role: "ORG_READ_ONLY", Within: 24 * time.Hour}
	mine := []approval.Request{request(), request(approved), request(issuing), request(delivered), request(active), request(rotation(active)),
		request(revoking(revokedBy)), request(accessListReduction)}
	return map[string]any{
		"home.empty":          testViews.Home(view.HomeView{}),
		"home.refused":        testViews.Home(view.HomeView{Flash: view.UserError(approval.ErrGuest, approval.Request{}), Refused: true}),
		"home":                testViews.Home(view.HomeView{Flash: rotated(request(rotation(approved)), nil), Own: mine}),
		"home.approver":       testViews.Home(view.HomeView{Approver: true, Pending: []approval.Request{request(), request(extension)}, Active: []approval.Request{request(active), request(found)}, ActiveTotal: 2}),
		"home.approver.idle":  testViews.Home(view.HomeView{Approver: true, Search: search}),
		"home.approver.large": testViews.Home(view.HomeView{Approver: true, Own: manyKeys, Pending: manyWaiting[:view.MaxHomePending], MorePending: true, Active: manyKeys[10:20], ActiveTotal: len(manyKeys), Search: onPage(search, 1)}),
		"home.approver.last":  testViews.Home(view.HomeView{Approver: true, Active: manyKeys[(len(manyKeys)-1)/10*10:], ActiveTotal: len(manyKeys), Search: onPage(search, (len(manyKeys)-1)/10)}),
	}
}

func onPage(s view.Search, page int) view.Search { s.Page = page; return s }

// listChanged is a key that was approved for one address and has more now.
func listChanged(r *approval.Request) {
	r.ApprovedNetworks = []netip.Prefix{netip.MustParsePrefix("192.0.2.44/32")}
}
