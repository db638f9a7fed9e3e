package service_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// The table of authority: every action x every kind of person x every state, as
// it was written down by hand. "ok" is allowed; everything else is the reason in
// the audit trail.
//
// The caller is checked before the state: a column other than "ok" goes
// in every state. Where it is "ok", the action is possible in the states that
// authorityStates names, and not_allowed in the others.
//
// owner: has the request. approver: of its access. other: approves another
// role of the same organization. excluded: an approver in excluded_approvers.
// member: any colleague, and the owner before a transfer. elsewhere: an approver
// of another organization.
const authority = `
action             owner       approver     other        excluded     member       guest deactivated bot   external elsewhere
Approve            own_request ok           not_approver not_approver not_approver guest deactivated bot   external not_approver
ApprovePartially   own_request ok           not_approver not_approver not_approver guest deactivated bot   external not_approver
MayApprovePartially own_request ok           not_approver not_approver not_approver guest deactivated bot   external not_approver
Deny               own_request ok           not_approver not_approver not_approver guest deactivated bot   external not_approver
MayDeny            own_request ok           not_approver not_approver not_approver guest deactivated bot   external not_approver
Nudge              ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Withdraw           ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Issue              ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Confirm            ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Replace            ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Extend             ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
MayExtend          ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
ReplaceAccessList  ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
MayReplaceAccessList ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Rotate             ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
RetirePredecessorNow ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
MayRequestAgain    ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
Revoke             ok          ok           ok           not_owner    not_owner    guest deactivated bot   external not_owner
MayRevoke          ok          ok           ok           not_owner    not_owner    guest deactivated bot   external not_owner
Review             not_approver ok          ok           not_approver not_approver guest deactivated bot   external not_approver
Transfer           not_approver ok          not_approver not_approver not_approver guest deactivated bot   external not_approver
TryAgain           ok          not_owner    not_owner    not_owner    not_owner    not_owner not_owner not_owner not_owner not_owner
TryAgainAsOperator ok          ok           ok           ok           ok           ok    ok          ok    ok       ok
RefusePress        misplaced   misplaced    misplaced    misplaced    misplaced    misplaced misplaced misplaced misplaced misplaced
RevokeAsOperator   ok          ok           ok           ok           ok           ok    ok          ok    ok       ok
`

// authorityStates are the states in which an action is possible for whom the
// table lets, and its event in the audit trail.
var authorityStates = map[string]struct {
	event approval.Event
	in    string
}{
	"Approve":              {approval.EventApprove, "pending change"},
	"ApprovePartially":     {approval.EventApprove, "pending"},
	"MayApprovePartially":  {approval.EventApprove, "pending"},
	"Deny":                 {approval.EventDeny, "pending change"},
	"MayDeny":              {approval.EventDeny, "pending change"},
	"Nudge":                {approval.EventNudge, "pending change"},
	"Withdraw":             {approval.EventWithdraw, "pending change approved"},
	"Issue":                {approval.EventIssue, "approved"},
	"Confirm":              {approval.EventConfirm, "delivered"},
	"Replace":              {approval.EventReplace, "delivered"},
	"Extend":               {approval.EventExtend, "active handed successor"},
	"MayExtend":            {approval.EventExtend, "active handed successor"},
	"ReplaceAccessList":    {approval.EventReplaceAccessList, "active glass handed successor"},
	"MayReplaceAccessList": {approval.EventReplaceAccessList, "active glass handed successor"},
	"Rotate":               {approval.EventRotate, "active glass handed successor"},
	"RetirePredecessorNow": {approval.EventRevoke, "successor"},
	"MayRequestAgain":      {approval.EventSubmit, "pending change approved minting delivered active glass handed successor applying revoking denied withdrawn expired failed ended done"},
	"Revoke":               {approval.EventRevoke, "delivered active glass handed orphaned successor"},
	"MayRevoke":            {approval.EventRevoke, "delivered active glass handed orphaned successor"},
	"Review":               {approval.EventReview, "glass"},
	"Transfer":             {approval.EventTransfer, "orphaned"},
	"TryAgain":             {approval.EventRetry, everyState}, // where nothing waits it changes nothing
	"TryAgainAsOperator":   {approval.EventRetry, everyState},
	"RefusePress":          {approval.EventApprove, ""},
	"RevokeAsOperator":     {approval.EventRevoke, "delivered active glass handed orphaned successor"},
}

// authorityExceptions are cells that differ: action, person, state. "*" is every
// state that is not named.
var authorityExceptions = map[[3]string]string{
	{"Extend", "owner", "glass"}:    "break_glass_ends",
	{"MayExtend", "owner", "glass"}: "break_glass_ends",
	{"Transfer", "approver", "*"}:   "owner_active",
}

// authorityElsewhere are the actions about no request, by person.
const authorityElsewhere = `
action        owner        approver other excluded     member       guest deactivated bot   external elsewhere
Submit        ok           ok       ok    ok           ok           guest deactivated bot   external ok
Entitlements  ok           ok       ok    ok           ok           guest deactivated bot   external ok
MayBreakGlass break_glass_not_allowed    ok       break_glass_not_allowed break_glass_not_allowed break_glass_not_allowed   guest deactivated bot   external break_glass_not_allowed
BreakGlass    break_glass_not_allowed    ok       break_glass_not_allowed break_glass_not_allowed break_glass_not_allowed   guest deactivated bot   external break_glass_not_allowed
Mine          ok           ok       ok    ok           ok           guest deactivated bot   external ok
MineOpen      ok           ok       ok    ok           ok           guest deactivated bot   external ok
ByIdempotencyKey ok           not_found not_found not_found not_found  guest deactivated bot   external not_found
ListPending   not_approver ok       ok    not_approver not_approver guest deactivated bot   external ok
FirstPending  not_approver ok       ok    not_approver not_approver guest deactivated bot   external ok
ActiveKeys    not_approver ok       ok    not_approver not_approver guest deactivated bot   external ok
MayAdminister not_approver ok       ok    not_approver not_approver guest deactivated bot   external ok
AwaitingReview not_approver ok       ok    not_approver not_approver guest deactivated bot   external ok
RefuseView    not_approver not_approver not_approver not_approver not_approver not_approver not_approver not_approver not_approver not_approver
`

// unguarded are the methods that only read, for a screen that is checked
// elsewhere. RequestOfKey names a request, about which MayRevoke is asked next.
var unguarded = []string{"Get", "Preview", "RequestOfKey"}

const (
	colleague = policy.UserID("U_COLLEAGUE")
	departed  = policy.UserID("U_DEPARTED")
	machine   = policy.UserID("U_MACHINE")
	zoe       = policy.UserID("U_ZOE") // approves in the other organization
)

// cast is who is who in the table; the owner depends on the state.
var cast = map[string]policy.UserID{
	"approver": bob, "other": grace, "excluded": heidi, "member": colleague, "guest": gil, "deactivated": departed, "bot": machine,
	"external": eve, "elsewhere": zoe,
}

// authorityWorld has two organizations with nothing in common.
func authorityWorld(t *testing.T) *env {
	w := newEnv(t, testPolicy(func(p *policy.Policy) {
		p.Requirements = []policy.Requirement{{From: users(bob, heidi), Count: 1}}
		p.ExcludedApprovers = users(heidi)
		p.Roles = append(policy.RulesFor("ORG_READ_ONLY"), policy.RoleRule{Role: "ORG_OWNER", AllowedRequesters: everyone, Requirements: []policy.Requirement{{From: users(grace), Count: 1}}})
		p.BreakGlass = policy.BreakGlass{AllowedRequesters: users(bob), Roles: []policy.Role{"ORG_READ_ONLY"}, Lifetime: time.Hour}
	}))
	w.Orgs = append(w.Orgs, policy.Org{ID: "org2", Name: "Staging", Policy: testPolicy(func(p *policy.Policy) {
		p.Requirements = []policy.Requirement{{From: users(zoe), Count: 1}}
		p.Roles = policy.RulesFor("ORG_READ_ONLY")
	})})
	w.Directory.Set(policy.Member, grace, heidi, colleague, zoe)
	w.Directory.Set(policy.Deactivated, departed)
	w.Directory.Set(policy.Bot, machine)
	return w
}

// requestInState is a request in one of the table's states, as it stands in the store.
func (w *env) requestInState(state string) approval.Request {
	w.T.Helper()
	now := time.Now()
	r := approval.Request{
		ID: "AKR-22222", Org: "org", Kind: approval.APIKey, IdempotencyKey: "V1", Requester: alice, RequestedAt: now, ExpiresAt: now.Add(time.Hour),
		Access:   policy.Access{Description: "billing export", Roles: []policy.Role{"ORG_READ_ONLY"}, Networks: prefixes("203.0.113.0/28"), Lifetime: 24 * time.Hour},
		Messages: []approval.MessageName{approval.CardMessage},
	}
	plain := map[string]approval.State{"handed": approval.StateActive, "orphaned": approval.StateActive, "glass": approval.StateActive, "successor": approval.StateActive, "change": approval.StatePending}
	if r.State = plain[state]; r.State == "" {
		r.State = approval.State(state)
	}
	if r.State.HasKey() {
		r.Key = approval.Key{ID: "64b0000000000000000000aa", PublicKey: "abcdefgh", MadeAt: now}
		r.KeyExpiresAt = now.Add(24 * time.Hour)
	}
	switch state {
	case "handed":
		r.Requester, r.Transfers = carol, []approval.OwnershipTransfer{{From: alice, To: carol, By: bob, At: now}}
	case "orphaned":
		r.OwnerDeactivatedAt = now
		w.Directory.Set(policy.Deactivated, alice)
	case "glass":
		r.BreakGlass = true
	case "change", "applying", "done":
		r.Type, r.ParentID, r.Change.NewEnd = approval.Extension, "AKR-33333", now.Add(48*time.Hour)
	case "successor":
		before := r
		before.ID, before.IdempotencyKey, before.Successor = "AKR-33333", "V0", r.ID
		w.createRow(before)
		r.Type, r.ParentID = approval.Rotation, before.ID
	}
	return w.createRow(r)
}

func (w *env) createRow(r approval.Request) approval.Request {
	w.T.Helper()
	r, err := w.Store.Create(w.T.Context(), r, approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester})
	require.NoError(w.T, err)
	return r
}

// perform calls a method of the service by its name.
func (w *env) perform(action string, who policy.Actor, r approval.Request) error {
	ctx, id, s := w.T.Context(), r.ID, w.Service
	fill := form(func(f *policy.Form) { f.Org, f.Roles = "org", []policy.Role{"ORG_READ_ONLY"} })
	var err error
	switch action {
	case "ApprovePartially":
		_, err = s.ApprovePartially(ctx, who, id, policy.PartialApproval{Roles: r.Access.Roles, Networks: "203.0.113.0/28", Lifetime: r.Access.Lifetime})
	case "Deny", "Revoke":
		do := map[string]func() (approval.Request, error){
			"Deny":   func() (approval.Request, error) { return s.Deny(ctx, who, id, "no") },
			"Revoke": func() (approval.Request, error) { return s.Revoke(ctx, who, id, "") },
		}[action]
		_, err = do()
	case "Extend":
		_, err = s.Extend(ctx, who, id, service.ExtensionForm{IdempotencyKey: "V2", ExtendBy: 8 * time.Hour, Reason: "more"})
	case "ReplaceAccessList":
		_, err = s.ReplaceAccessList(ctx, who, id, service.AccessListForm{IdempotencyKey: "V2", Networks: "203.0.113.7", Reason: "fewer"})
	case "MayExtend":
		_, _, err = s.MayExtend(ctx, who, id)
	case "MayReplaceAccessList":
		_, _, err = s.MayReplaceAccessList(ctx, who, id)
	case "Transfer":
		_, err = s.Transfer(ctx, who, id, carol)
	case "RefusePress":
		err = s.RefusePress(ctx, who, id, approval.EventApprove)
	case "RevokeAsOperator":
		_, err = s.RevokeAsOperator(ctx, id, "seen in a log")
	case "TryAgainAsOperator":
		_, err = s.TryAgainAsOperator(ctx, id)
	case "Submit":
		_, err = s.Submit(ctx, who, fill)
	case "BreakGlass":
		_, err = s.BreakGlass(ctx, who, fill)
	case "Entitlements":
		_, err = s.Entitlements(ctx, who, "org")
	case "MayBreakGlass":
		_, err = s.MayBreakGlass(ctx, who)
	case "RefuseView":
		err = s.RefuseView(ctx, who, "pending", policy.ErrNotApprover)
	case "ByIdempotencyKey":
		_, err = s.ByIdempotencyKey(ctx, who, "V1")
	case "MayAdminister":
		err = s.MayAdminister(ctx, who)
	case "Mine":
		_, err = s.Mine(ctx, who, approval.Cursor{}, 20)
	case "ActiveKeys":
		_, err = s.ActiveKeys(ctx, who, approval.KeySearch{}, 0, 10)
	case "FirstPending":
		_, _, err = s.FirstPending(ctx, who, 10)
	case "MineOpen", "ListPending", "AwaitingReview":
		out := reflect.ValueOf(s).MethodByName(action).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(who)})
		err, _ = out[1].Interface().(error)
	default: // of one request, without a form
		out := reflect.ValueOf(s).MethodByName(action).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(who), reflect.ValueOf(id)})
		err, _ = out[1].Interface().(error)
	}
	return err
}

// tableOf reads a table: by action and person.
func tableOf(text string) map[string]map[string]string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	people := strings.Fields(lines[0])[1:]
	table := map[string]map[string]string{}
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		row := map[string]string{}
		for i, person := range people {
			row[person] = cells[i+1]
		}
		table[cells[0]] = row
	}
	return table
}

const everyState = "pending change approved minting delivered active glass handed orphaned successor applying revoking denied withdrawn expired failed ended done"

// wantedCell is what the table says.
func wantedCell(action, person, state string, column string) string {
	if state == "orphaned" && person == "owner" && action != "RefusePress" && !strings.HasSuffix(action, "AsOperator") {
		return "deactivated" // whatever it is
	}
	if column != "ok" {
		return column
	}
	if want, known := authorityExceptions[[3]string{action, person, state}]; known {
		return want
	}
	if slices.Contains(strings.Fields(authorityStates[action].in), state) {
		return "ok"
	}
	if want, known := authorityExceptions[[3]string{action, person, "*"}]; known {
		return want
	}
	return "not_allowed"
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	for action, row := range tableOf(authority) {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			for _, state := range strings.Fields(everyState) {
				for person, column := range row {
					w := authorityWorld(t)
					r := w.requestInState(state)
					user := cast[person]
					if person == "owner" {
						user = r.Requester
					}
					w.checkCell(action, person, state, user, r, wantedCell(action, person, state, column))
					if state == "handed" && person == "member" {
						w = authorityWorld(t)
						r = w.requestInState(state)
						w.checkCell(action, "former owner", state, alice, r, wantedCell(action, person, state, column))
					}
				}
			}
		})
	}
}

// checkCell tries one action, and looks at the answer, the request and the audit
// trail.
func (w *env) checkCell(action, person, state string, user policy.UserID, r approval.Request, want string) {
	w.T.Helper()
	before := len(w.Store.Entries())
	err := w.perform(action, as(user), r)
	lines := w.Store.Entries()[before:]
	about := []any{"%s by %s on %s: %v", action, person, state, err}
	if want == "ok" {
		require.NoError(w.T, err, about...)
		for _, e := range lines {
			require.Empty(w.T, e.Refused, about...)
		}
		return
	}
	require.Error(w.T, err, about...)
	require.Equal(w.T, r.Version, w.Stored(r.ID).Version, about...)
	require.Len(w.T, lines, 1, about...)
	by, event := user, authorityStates[action].event
	if action == "RevokeAsOperator" {
		by = service.Operator
	}
	if event == approval.EventApprove && r.Type == approval.Extension && strings.HasPrefix(action, "Approve") {
		event = approval.EventApproveChange
	}
	got := lines[0]
	require.Equal(w.T, []any{want, event, by, r.ID, policy.OrgID("org")}, []any{got.Refused, got.Event, got.By, got.Request, got.Org}, about...)
}

func TestAuthorizationWithoutRequest(t *testing.T) {
	t.Parallel()
	silent := []string{"Mine", "MineOpen", "ByIdempotencyKey", "ListPending", "FirstPending", "ActiveKeys", "AwaitingReview", "MayAdminister"} // a screen shows less, which is no refusal
	for action, row := range tableOf(authorityElsewhere) {
		for person, want := range row {
			w := authorityWorld(t)
			w.requestInState("pending")
			user := cast[person]
			if person == "owner" {
				user = alice
			}
			before := len(w.Store.Entries())
			err := w.perform(action, as(user), approval.Request{})
			lines := w.Store.Entries()[before:]
			if want == "ok" {
				require.NoError(t, err, "%s by %s", action, person)
				continue
			}
			require.Error(t, err, "%s by %s", action, person)
			if slices.Contains(silent, action) {
				require.Empty(t, lines)
				continue
			}
			require.Len(t, lines, 1, "%s by %s", action, person)
			require.Equal(t, want, lines[0].Refused, "%s by %s", action, person)
			require.Equal(t, user, lines[0].By)
		}
	}
}

func TestAuthorizationTableHasEveryMethod(t *testing.T) {
	t.Parallel()
	var have, told []string
	service := reflect.TypeFor[*service.Service]()
	for i := range service.NumMethod() {
		have = append(have, service.Method(i).Name)
	}
	for _, table := range []string{authority, authorityElsewhere} {
		for action := range tableOf(table) {
			told = append(told, action)
		}
	}
	require.ElementsMatch(t, have, append(told, unguarded...))
	for action := range tableOf(authority) {
		require.Contains(t, authorityStates, action)
	}
}

func TestOrganizationsAreSeparated(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"pending", "active", "glass"} {
		w := authorityWorld(t)
		r := w.requestInState(state)
		for user, want := range map[policy.UserID]int{bob: 1, zoe: 0} {
			seen := map[policy.ID]bool{}
			for _, list := range []func() ([]approval.Request, error){
				func() ([]approval.Request, error) { return w.ListPending(t.Context(), as(user)) },
				func() ([]approval.Request, error) {
					keys, err := w.ActiveKeys(t.Context(), as(user), approval.KeySearch{}, 0, 10)
					return keys.Keys, err
				},
				func() ([]approval.Request, error) { return w.AwaitingReview(t.Context(), as(user)) },
			} {
				all, err := list()
				require.NoError(t, err)
				for _, one := range all {
					seen[one.ID] = true
				}
			}
			require.Len(t, seen, want, "%s of %s", r.ID, user)
		}
	}
}
