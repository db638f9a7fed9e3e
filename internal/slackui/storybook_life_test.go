package slackui

import (
	"fmt"
	"net/netip"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/view"
)

// The situations of a key that lives and of what is asked for it.

func succeeded(r *approval.Request) { r.Successor = "AKR-2Q9XV" }

func powerful(r *approval.Request) { r.Access.Roles = []policy.Role{"ORG_OWNER"} }

// told is a key of whose end its owner was told n times.
// told is a request whose owner was reminded n times that its key expires.
func told(n int) edit {
	return func(r *approval.Request) {
		r.ExpiryReminders = n
		for i := range n {
			r.Messages = append(r.Messages, approval.ExpiryReminderMessage(i+1))
		}
	}
}

func extending(r *approval.Request) {
	r.Type, r.ParentID = approval.Extension, "AKR-2Q9XV"
	r.Change = approval.ChangeDetails{OldEnd: later.Add(8 * time.Hour), NewEnd: later.Add(8*time.Hour + r.Access.Lifetime)}
}

func readdressing(r *approval.Request) {
	r.Type, r.ParentID = approval.AccessListChange, "AKR-2Q9XV"
	r.Change = approval.ChangeDetails{OldNetworks: networks("203.0.113.7/32", "192.0.2.0/28")}
}

// narrowing takes an address away, which no user has to approve.
func narrowing(r *approval.Request) {
	readdressing(r)
	r.Change.OldNetworks = append(r.Access.Networks, networks("192.0.2.1/32")...)
	r.State, r.Decision, r.ExpiresAt = approval.StateApplying, approval.Decision{At: asked}, time.Time{}
}

func applying(c approval.Cause) edit {
	return func(r *approval.Request) {
		r.State, r.Decision = approval.StateApplying, approval.Decision{By: "U0BOB", At: later}
		r.Issuance.Cause = c
	}
}

// owning is a key that created projects, or of which that is not known.
func owning(proven ...bool) edit {
	return func(r *approval.Request) {
		for i, is := range proven {
			id := policy.ProjectID(fmt.Sprintf("%024d", i))
			r.Owns = append(r.Owns, approval.OwnedProject{Project: policy.Project{ID: id, Name: "new *" + fmt.Sprint(i) + "*"}, Proven: is})
		}
	}
}

// leaving is a successor of such a key.
func leaving(r *approval.Request) {
	owning(true, false)(r)
	r.Change.Left, r.Owns = r.Owns, nil
}

// goingBack is a change that Atlas refused half-way.
func goingBack(r *approval.Request) {
	applying(approval.CauseRefused)(r)
	r.Issuance.Stage, r.Deletion.Since = approval.StageRollingBack, later
}

func done(r *approval.Request) {
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

// rotation is a request for a key that takes over, in the state that then makes.
func rotation(then edit) edit {
	return func(r *approval.Request) {
		then(r)
		r.Type, r.ParentID, r.KeyExpiresAt, r.CarriesDecision = approval.Rotation, "AKR-2Q9XV", later.Add(8*time.Hour), true
		r.Decision.At = asked.Add(-24 * time.Hour) // of the key before it
	}
}

// ofGlass is a rotation of a key that was taken by break-glass.
func ofGlass(r *approval.Request) { r.BreakGlassOf, r.Decision.By = r.ParentID, "" }

// handedRotation asks to rotate a key that was handed over.
func handedRotation(r *approval.Request) {
	r.Type, r.ParentID, r.KeyExpiresAt = approval.Rotation, "AKR-2Q9XV", later.Add(8*time.Hour)
}

// lifeSituations are about changes and rotations.
var lifeSituations = map[string][]edit{
	"extension.pending":          with(extending),
	"extension.pending.large":    with(large, extending),
	"extension.pending.powerful": with(powerful, extending),
	"extension.denied":           with(extending, deniedFor("not on a Friday\n"+hostile)),
	"extension.withdrawn":        with(extending, withdrawn),
	"extension.expired":          with(extending, expired(approval.CauseUndecided)),
	"extension.applying":         with(extending, applying(approval.CauseNone)),
	"extension.done":             with(extending, done),
	"extension.failed":           with(extending, notApplied(approval.CauseKeyNotActive)),

	"addresses.pending":       with(readdressing),
	"addresses.pending.large": with(large, readdressing),
	"addresses.denied":        with(readdressing, deniedFor("")),
	"addresses.withdrawn":     with(readdressing, withdrawn),
	"addresses.expired":       with(readdressing, expired(approval.CauseUndecided)),
	"addresses.applying":      with(readdressing, applying(approval.CauseNone)),
	"addresses.applying.away": with(readdressing, applying(approval.CauseAtlasUnavailable)),
	"addresses.applying.bad":  with(readdressing, applying(approval.CauseInvalidCredential)),
	"rotation.left":           with(rotation(approved), leaving),
	"active.owns":             with(active, owning(true, true)),
	"active.owns.unknown":     with(active, owning(true, false)),
	"active.owns.none":        with(active, owning()),
	"active.owns.many":        with(active, owning(make([]bool, 40)...)),
	"ended.owned":             with(active, owning(true), ended(approval.Outcome{Cause: approval.CauseKeyExpired, At: later})),
	"addresses.back":          with(readdressing, goingBack),
	"addresses.back.away":     with(readdressing, goingBack, func(r *approval.Request) { r.Issuance.Cause = approval.CauseAtlasUnavailable }),
	"addresses.back.stuck":    with(readdressing, goingBack, stuck),
	"addresses.failed.gone":   with(readdressing, notApplied(approval.CauseKeyNotActive)),
	"addresses.narrowing":     with(narrowing),
	"addresses.narrowed":      with(narrowing, done),
	"addresses.done":          with(readdressing, done),
	"addresses.failed":        with(readdressing, notApplied(approval.CauseBadAddress)),
	"addresses.failed.other":  with(readdressing, notApplied(approval.CauseRefused)),

	"rotation.approved":        with(rotation(approved)),
	"rotation.minting":         with(rotation(minting)),
	"rotation.delivered":       with(rotation(delivered)),
	"rotation.active":          with(rotation(active)),
	"rotation.withdrawn":       with(rotation(approved), withdrawn),
	"rotation.expired":         with(rotation(approved), expired(approval.CauseNotIssuedInTime)),
	"rotation.glass":           with(rotation(approved), ofGlass),
	"rotation.handed":          with(handedRotation),
	"rotation.handed.powerful": with(powerful, handedRotation),
	"rotation.handed.approved": with(handedRotation, approved),
	"rotation.handed.denied":   with(handedRotation, deniedFor("ask for a new one")),
	"rotation.ended":           with(rotation(ended(endDate))),
	"rotation.failed":          with(rotation(failed(approval.CauseKeyLimit))),
	"active.unrestricted":      with(unrestricted),
}

// homes are Home tabs: of a user with nothing, with everything, of an
// approver, and with more than there is room for.
func homes(manyKeys, manyWaiting []approval.Request) map[string]any {
	search := view.Search{Person: "U0ALICE", Role: "ORG_READ_ONLY", Within: 24 * time.Hour}
	mine := []approval.Request{request(), request(approved), request(minting), request(delivered), request(active), request(rotation(active)),
		request(revoking(revokedBy)), request(narrowing)}
	return map[string]any{
		"home.empty":          testViews.Home(view.HomeView{}),
		"home.refused":        testViews.Home(view.HomeView{Flash: view.UserError(approval.ErrGuest, approval.Request{}), Refused: true}),
		"home":                testViews.Home(view.HomeView{Flash: rotated(request(rotation(approved)), nil), Own: mine}),
		"home.approver":       testViews.Home(view.HomeView{Approver: true, Pending: []approval.Request{request(), request(extending)}, Active: []approval.Request{request(active), request(found)}, ActiveTotal: 2}),
		"home.approver.idle":  testViews.Home(view.HomeView{Approver: true, Search: search}),
		"home.approver.large": testViews.Home(view.HomeView{Approver: true, Own: manyKeys, Pending: manyWaiting[:view.MaxHomePending], MorePending: true, Active: manyKeys[10:20], ActiveTotal: len(manyKeys), Search: turned(search, 1)}),
		"home.approver.last":  testViews.Home(view.HomeView{Approver: true, Active: manyKeys[(len(manyKeys)-1)/10*10:], ActiveTotal: len(manyKeys), Search: turned(search, (len(manyKeys)-1)/10)}),
	}
}

func turned(s view.Search, page int) view.Search { s.Page = page; return s }

// listChanged is a key that was approved for one address and has more now.
func listChanged(r *approval.Request) {
	r.ApprovedNetworks = []netip.Prefix{netip.MustParsePrefix("192.0.2.44/32")}
}
