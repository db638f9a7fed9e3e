package slackui

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/view"
)

// updateGolden writes the goldens anew; read the diff.
var updateGolden = os.Getenv("UPDATE") != ""

// hostile is what a user types who wants to wake up a channel.
const hostile = "<!channel> <@U123> <https://evil.example|x> *bold* `code` @here & co ~old~ _under_ :bomb: 2001:db8:100::5"

var (
	requestedAt = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	later       = requestedAt.Add(20 * time.Minute)
)

type edit func(*approval.Request)

// numbered gives requests ids of their own, as those of one list have.
func numbered(requests []approval.Request) []approval.Request {
	const digits = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	for i := range requests {
		requests[i].ID = policy.ID("AKR-7F3" + string([]byte{digits[i/len(digits)], digits[i%len(digits)]}))
	}
	return requests
}

// request is a request that waits for an approver, changed by edits.
func request(edits ...edit) approval.Request {
	r := approval.Request{
		ID: "AKR-7F3K2", Org: testOrg, Kind: approval.APIKey, State: approval.StatePending, Version: 4,
		Requester: "U0ALICE", IdempotencyKey: "V1",
		Access: policy.Access{
			Description: "invoices " + hostile,
			Roles:       []policy.Role{"ORG_READ_ONLY"},
			Networks:    networks("203.0.113.7/32", "198.51.100.0/24"),
			Lifetime:    7 * 24 * time.Hour,
		},
		Reason:      "backfill of invoices\n" + hostile,
		RequestedAt: requestedAt, ExpiresAt: requestedAt.Add(24 * time.Hour),
		MessageRefs: map[approval.MessageName]approval.MessageRef{
			approval.CardMessage:      {Channel: "C0APPROVALS", TS: "1.1"},
			approval.RequestedMessage: {Channel: "D0ALICE", TS: "2.2"},
		},
	}
	for _, e := range edits {
		e(&r)
	}
	return r
}

func networks(all ...string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, n := range all {
		prefixes = append(prefixes, netip.MustParsePrefix(n))
	}
	return prefixes
}

func approved(r *approval.Request) {
	r.State = approval.StateApproved
	r.Decision = approval.Decision{By: "U0BOB", At: later}
	r.ExpiresAt = later.Add(24 * time.Hour)
}

func issuing(r *approval.Request) {
	approved(r)
	r.State = approval.StateIssuing
	r.Attempt = 1
	r.Issuance = approval.Issuance{Stage: approval.StageStarted, ClickedAt: later}
}

func returnedToApproved(c approval.Cause) edit {
	return func(r *approval.Request) {
		approved(r)
		r.Attempt = 1
		r.Issuance = approval.Issuance{Cause: c, Code: "SOME_CODE"}
	}
}

func rollingBack(c approval.Cause) edit {
	return func(r *approval.Request) {
		issuing(r)
		r.Issuance.Stage, r.Issuance.NextEvent, r.Issuance.Cause = approval.StageRollingBack, approval.EventReturnToApproved, c
		r.Deletion.Since = later
	}
}

func delivered(r *approval.Request) {
	issuing(r)
	r.State = approval.StateDelivered
	r.Issuance = approval.Issuance{}
	r.Key = approval.Key{ID: "65a1b2c3d4e5f60718293aff", PublicKey: "abcdefgh", MadeAt: later}
	r.KeyExpiresAt = later.Add(r.Access.Lifetime)
	r.Confirmation = approval.Confirmation{ShownAt: later, RemindAt: later.Add(30 * time.Minute), ConfirmBy: later.Add(time.Hour)}
}

func active(r *approval.Request) { delivered(r); r.State = approval.StateActive }

func seenInUse(r *approval.Request) { active(r); r.Confirmation.ByUse = true }

func revoking(why approval.Outcome) edit {
	return func(r *approval.Request) {
		active(r)
		r.State, r.Outcome = approval.StateRevoking, why
		r.Outcome.At = later.Add(48 * time.Hour)
		r.Deletion = approval.Deletion{Since: r.Outcome.At}
	}
}

// notDeleted is a key whose deletion has not worked yet.
func notDeleted(r *approval.Request) {
	r.Key = approval.Key{ID: "65a1b2c3d4e5f60718293aff", PublicKey: "abcdefgh", MadeAt: later}
	r.Deletion.Tries, r.Deletion.Cause = 2, approval.CauseAtlasUnavailable
}

func withoutOrg(r *approval.Request) { r.Org = "65a1b2c3d4e5f60718293a40" }

// unresolved is a create of which Atlas never said whether it happened.
func unresolved(r *approval.Request) {
	r.UnresolvedCreates = []approval.UnresolvedCreate{{Attempt: 1, At: later, SearchAt: later, Notified: true}}
}

func reappeared(r *approval.Request) {
	r.Leftover = approval.Leftover{Key: r.Key, Since: later.Add(50 * time.Hour), SearchAt: later.Add(51 * time.Hour)}
}

func reappearedDeleted(r *approval.Request) { reappeared(r); r.Leftover.SearchAt = time.Time{} }

func overdue(r *approval.Request) {
	r.Deletion.Notified, r.Deletion.Cause = true, approval.CauseAtlasUnavailable
}

func ended(e approval.Outcome) edit {
	return func(r *approval.Request) {
		revoking(e)(r)
		r.State, r.Deletion = approval.StateEnded, approval.Deletion{}
	}
}

func deniedFor(reason string) edit {
	return func(r *approval.Request) {
		r.State = approval.StateDenied
		r.Decision = approval.Decision{By: "U0BOB", At: later, Reason: reason}
		r.Outcome = approval.Outcome{By: "U0BOB", At: later}
	}
}

func withdrawn(r *approval.Request) {
	r.State, r.Outcome = approval.StateWithdrawn, approval.Outcome{By: r.Requester, At: later}
}

func expired(c approval.Cause) edit {
	return func(r *approval.Request) {
		r.State, r.Outcome = approval.StateExpired, approval.Outcome{Cause: c, At: later}
	}
}

func failed(c approval.Cause) edit {
	return func(r *approval.Request) {
		approved(r)
		r.State, r.Outcome = approval.StateFailed, approval.Outcome{Cause: c, At: later, Code: "SOME_ATLAS_CODE"}
	}
}

// drifted is an active key that a user changed by hand.
func drifted(r *approval.Request) {
	active(r)
	r.Drift = approval.Drift{
		RolesChanged: true, Roles: []policy.Role{"ORG_OWNER"},
		NetworksChanged: true, Networks: networks("0.0.0.0/0"), Renamed: true,
	}
}

func unrestricted(r *approval.Request) {
	active(r)
	r.Drift = approval.Drift{NetworksChanged: true}
}

// found is a key of which nothing but its mark is known.
func found(r *approval.Request) {
	active(r)
	*r = approval.Request{ID: r.ID, Org: r.Org, Kind: r.Kind, State: approval.StateActive, RequestedAt: requestedAt, Key: r.Key}
}

func large(r *approval.Request) {
	r.Access.Description = strings.Repeat("ü", policy.MaxDescription)
	r.Reason = strings.Repeat("<&>", policy.MaxReason/3)
	r.Access.Roles = nil
	for _, info := range policy.OrgRoles {
		r.Access.Roles = append(r.Access.Roles, info.Name)
	}
	r.Access.Networks = nil
	for i := range 20 {
		r.Access.Networks = append(r.Access.Networks, netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, byte(i + 16), 0xab, 0xcd, 0xef}), 64))
	}
}

func withoutCard(r *approval.Request) { delete(r.MessageRefs, approval.CardMessage) }

func joined(all ...map[string][]edit) map[string][]edit {
	one := map[string][]edit{}
	for _, m := range all {
		maps.Copy(one, m)
	}
	return one
}

func with(edits ...edit) []edit { return edits }

var (
	revokedBy         = approval.Outcome{Cause: approval.CauseRevoked, By: "U0ALICE"}
	unconfirmed       = approval.Outcome{Cause: approval.CauseUnconfirmed}
	endDate           = approval.Outcome{Cause: approval.CauseKeyExpired}
	deletedExternally = approval.Outcome{Cause: approval.CauseDeletedExternally}
	revokedByBob      = approval.Outcome{Cause: approval.CauseRevoked, By: "U0BOB"}
	replaced          = approval.Outcome{Cause: approval.CauseReplaced, By: "U0ALICE"}

	becauseOfAudit = approval.Outcome{Cause: approval.CauseRevoked, By: "U0BOB", Note: "found in an audit\n" + hostile}
)

// situations are all the states of a request that people can be shown, with
// those of [changeSituations] and [policySituations].
var situations = joined(changeSituations, policySituations, map[string][]edit{
	"pending":                        nil,
	"pending.no_card":                with(withoutCard),
	"pending.large":                  with(large),
	"approved":                       with(approved),
	"approved.interrupted":           with(returnedToApproved(approval.CauseInterrupted)),
	"approved.not_shown":             with(returnedToApproved(approval.CauseNotShown)),
	"approved.atlas_unavailable":     with(returnedToApproved(approval.CauseAtlasUnavailable)),
	"approved.unknown":               with(returnedToApproved(approval.CauseUnknown)),
	"approved.invalid_credential":    with(returnedToApproved(approval.CauseInvalidCredential)),
	"issuing":                        with(issuing),
	"issuing.rolling_back":           with(rollingBack(approval.CauseNotShown)),
	"issuing.rolling_back.overdue":   with(rollingBack(approval.CauseNotShown), overdue),
	"issuing.rolling_back.not_shown": with(rollingBack(approval.CauseNotShown), notDeleted),
	"issuing.rolling_back.unknown":   with(rollingBack(approval.CauseUnknown), notDeleted),
	"issuing.rolling_back.no_org":    with(rollingBack(approval.CauseInterrupted), notDeleted, overdue, func(r *approval.Request) { r.Deletion.Cause = approval.CauseNoOrg }),
	"approved.no_org":                with(returnedToApproved(approval.CauseNoOrg), withoutOrg),
	"approved.unresolved":            with(returnedToApproved(approval.CauseUnknown), unresolved),
	"approved.unresolved.org":        with(returnedToApproved(approval.CauseNoOrg), unresolved, withoutOrg),
	"approved.resolved":              with(returnedToApproved(approval.CauseUnknown)),
	"revoking.retrying":              with(revoking(revokedBy), notDeleted),
	"ended.reappeared":               with(ended(revokedBy), reappeared),
	"ended.reappeared.deleted":       with(ended(revokedBy), reappearedDeleted),
	"delivered":                      with(delivered),
	"delivered.large":                with(large, delivered),
	"active":                         with(active),
	"active.by_use":                  with(seenInUse),
	"revoking.revoked":               with(revoking(revokedBy)),
	"revoking.unconfirmed":           with(revoking(unconfirmed)),
	"revoking.expired":               with(revoking(endDate)),
	"revoking.overdue":               with(revoking(revokedBy), overdue),
	"denied":                         with(deniedFor("not on a Friday\n" + hostile)),
	"denied.no_reason":               with(deniedFor("")),
	"withdrawn":                      with(withdrawn),
	"withdrawn.after_approval":       with(approved, withdrawn),
	"expired.undecided":              with(expired(approval.CauseUndecided)),
	"expired.not_issued":             with(approved, expired(approval.CauseNotIssuedInTime)),
	"expired.key_expiry":             with(approved, expired(approval.CauseKeyExpired)),
	"failed.key_limit":               with(failed(approval.CauseKeyLimit)),
	"failed.bad_address":             with(failed(approval.CauseBadAddress)),
	"failed.bad_role":                with(failed(approval.CauseBadRole)),
	"failed.not_permitted":           with(failed(approval.CauseNotPermitted)),
	"failed.suspended":               with(failed(approval.CauseSuspended)),
	"failed.mismatch":                with(failed(approval.CauseAccessMismatch)),
	"failed.refused":                 with(failed(approval.CauseRefused)),
	"ended.revoked":                  with(ended(revokedBy)),
	"ended.unconfirmed":              with(ended(unconfirmed)),
	"ended.expired":                  with(ended(endDate)),
	"ended.deleted_externally":       with(ended(deletedExternally)),
	"active.drifted":                 with(drifted),
	"active.rotating":                with(active, withSuccessor),
	"active.list_changed":            with(active, listChanged),
	"revoking.by_approver":           with(revoking(becauseOfAudit)),
	"revoking.replaced":              with(revoking(replaced)),
	"ended.by_approver":              with(ended(becauseOfAudit)),
	"ended.replaced":                 with(ended(replaced)),
	"active.reminded":                with(active, ownerReminded(1)),
	"active.reminded.twice":          with(active, ownerReminded(2)),
	"ended.reminded":                 with(ended(endDate), ownerReminded(1)),
	"ended.told_twice":               with(ended(endDate), ownerReminded(2)),
})

// adopted are the situations of a request that no user made here.
var adopted = map[string][]edit{
	"active":   with(found),
	"revoking": with(found, func(r *approval.Request) { r.State, r.Outcome = approval.StateRevoking, revokedByBob }),
	"ended":    with(found, func(r *approval.Request) { r.State, r.Outcome = approval.StateEnded, revokedByBob }),
}

// messageGoldens says which situations of which message have a golden of their own.
var messageGoldens = map[approval.MessageName][]string{
	approval.CardMessage: {"pending", "pending.large", "approved", "approved.not_shown", "approved.unknown", "issuing", "issuing.rolling_back", "delivered",
		"active", "active.by_use", "revoking.revoked", "revoking.unconfirmed", "denied", "denied.no_reason", "withdrawn", "expired.undecided",
		"expired.not_issued", "failed.key_limit", "ended.revoked", "ended.expired", "active.rotating", "active.list_changed", "ended.by_approver", "revoking.by_approver", "ended.replaced", "extension.pending", "extension.pending.powerful", "extension.denied", "extension.withdrawn", "extension.expired", "extension.applying", "extension.applied", "extension.failed", "access_list.pending", "access_list.denied", "access_list.withdrawn", "access_list.expired", "access_list.applying", "access_list.applying.atlas_unavailable", "access_list.applying.invalid_credential", "access_list.rolling_back", "access_list.rolling_back.overdue", "access_list.reducing", "access_list.reduced", "access_list.applied", "access_list.failed", "access_list.failed.other", "rotation.approved", "rotation.left", "active.owns", "rotation.issuing", "rotation.delivered", "rotation.active", "rotation.withdrawn", "rotation.expired", "rotation.ended", "rotation.failed",
		"rotation.breakglass", "rotation.transferred", "rotation.transferred.powerful", "rotation.transferred.approved", "rotation.transferred.denied"},
	approval.RequestedMessage: {"rotation.transferred", "rotation.transferred.approved", "rotation.transferred.denied", "pending", "pending.no_card", "approved", "denied", "withdrawn", "expired.undecided", "active", "failed.refused", "extension.pending", "extension.denied", "extension.applying", "extension.applied", "extension.failed", "access_list.pending", "access_list.rolling_back", "access_list.rolling_back.atlas_unavailable", "access_list.reducing", "access_list.reduced", "access_list.applied"},
	approval.ReadyMessage: {"approved", "approved.interrupted", "approved.not_shown", "approved.atlas_unavailable", "approved.unknown", "approved.invalid_credential", "approved.no_org", "issuing",
		"issuing.rolling_back", "issuing.rolling_back.not_shown", "issuing.rolling_back.unknown", "issuing.rolling_back.no_org", "revoking.retrying", "ended.reappeared", "delivered", "active", "active.by_use", "revoking.revoked", "withdrawn.after_approval", "expired.not_issued", "failed.bad_role", "ended.expired", "active.rotating", "revoking.by_approver", "revoking.replaced", "rotation.approved", "rotation.left", "active.owns", "rotation.issuing", "rotation.delivered", "rotation.active", "rotation.withdrawn", "rotation.expired", "rotation.ended", "rotation.failed"},
	approval.ReminderMessage: {"delivered", "active", "active.by_use", "issuing", "revoking.unconfirmed", "ended.unconfirmed"},
	approval.OutcomeMessage: {"denied", "denied.no_reason", "expired.undecided", "expired.not_issued", "expired.key_expiry", "failed.key_limit", "failed.bad_address",
		"failed.bad_role", "failed.not_permitted", "failed.suspended", "failed.mismatch", "failed.refused", "ended.revoked", "ended.unconfirmed", "ended.expired", "ended.deleted_externally", "ended.by_approver", "ended.replaced", "extension.denied", "extension.expired", "extension.applying", "extension.applied", "extension.failed", "access_list.denied", "access_list.applying", "access_list.applying.atlas_unavailable", "access_list.reducing", "access_list.reduced", "access_list.applied", "access_list.failed", "access_list.failed.other", "access_list.failed.key_not_active", "rotation.expired", "rotation.ended", "rotation.failed"},
	approval.DeletionOverdueMessage:   {"revoking.overdue", "issuing.rolling_back.overdue", "issuing.rolling_back.no_org", "ended.revoked", "access_list.rolling_back.overdue", "access_list.failed.other"},
	approval.DeletionOverdueNotice:    {"revoking.overdue", "issuing.rolling_back.overdue", "issuing.rolling_back.no_org", "ended.revoked", "access_list.rolling_back.overdue", "access_list.failed.other"},
	approval.UnresolvedMessage:        {"approved.unresolved", "approved.unresolved.org", "approved.resolved"},
	approval.UnresolvedNotice:         {"approved.unresolved", "approved.unresolved.org", "approved.resolved"},
	approval.LeftoverMessage:          {"ended.reappeared", "ended.reappeared.deleted"},
	approval.LeftoverNotice:           {"ended.reappeared", "ended.reappeared.deleted"},
	approval.FailedNotice:             {"failed.key_limit", "failed.refused", "extension.failed", "access_list.failed"},
	approval.ExpiryReminderMessage(1): {"active.reminded", "active.reminded.twice", "ended.reminded", "ended.told_twice"},
	approval.ExpiryReminderMessage(2): {"active.reminded.twice"},
	approval.OwnsNotice:               {"active.owns", "active.owns.unknown", "active.owns.none", "active.owns.many", "ended.owned"},
	approval.DriftNotice(1):           {"active.drifted", "active.unrestricted", "active", "revoking.revoked", "ended.revoked"},
}

const testOrg = policy.OrgID("65a1b2c3d4e5f60718293a4b")

var testViews = viewsOf(testPolicy)

// viewsOf are the views of one organization with these rules.
func viewsOf(p policy.Policy) view.Screens {
	return view.Screens{
		Orgs:      policy.Orgs{{ID: testOrg, Name: "Production", Policy: p}},
		Channels:  map[policy.OrgID]string{testOrg: "C0APPROVALS"},
		KeysPages: map[policy.OrgID]string{testOrg: "https://cloud.mongodb.com/v2#/org/65a1b2c3d4e5f60718293a4b/access/apiKeys"},
		Command:   "/atlas-key",
	}
}

var testPolicy = policy.Policy{
	Requirements:  []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB"}}, Count: 1}},
	Roles:         policy.RulesFor(approvaltest.DefaultRoles()...),
	Lifetimes:     []time.Duration{8 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour},
	MinPrefixIPv4: 24, MinPrefixIPv6: 64, MaxEntries: 20, RotationGracePeriod: 24 * time.Hour,
	ExpireAfter: 24 * time.Hour, IssueWithin: 24 * time.Hour, ConfirmWithin: time.Hour,
}

// screens are all goldens by name: one screen in one state each.
func screens() map[string]any {
	all := map[string]any{}
	for name, states := range messageGoldens {
		for _, state := range states {
			all[string(name)+"."+state] = testViews.Message(request(situations[state]...), name)
		}
	}
	for state, edits := range adopted {
		r := request(edits...)
		r.Outcome.At = later
		all[string(approval.UnknownKeyNotice)+"."+state] = testViews.UnknownKeyNotice(r)
		claims := r
		claims.ParentID = "AKR-2Q9XV"
		all[string(approval.UnknownKeyNotice)+".claims."+state] = testViews.UnknownKeyNotice(claims)
		r.RequestedAt, r.UnknownKeys = requestedAt, approval.UnknownKeys{Count: 3, IDs: []policy.ID{"AKR-7F3K2", "AKR-2Q9XV", "AKR-00001"}}
		all[string(approval.UnknownKeysNotice)+"."+state] = testViews.UnknownKeysNotice(r)
		r.UnknownKeys = approval.UnknownKeys{Count: 40}
		all[string(approval.UnknownKeysNotice)+".too_many."+state] = testViews.UnknownKeysNotice(r)
	}
	lax := testPolicy
	lax.AllowSelfApproval = true
	all["card.pending.self_approval"] = viewsOf(lax).Card(request())
	all["card.pending.powerful"] = testViews.Card(request(func(r *approval.Request) { r.Access.Roles = []policy.Role{"ORG_OWNER"} }))

	maps.Copy(all, ticketScreens())
	maps.Copy(all, modals())
	all["revoke.form"] = view.RevokeForm(request(active), "AKR-7F3K2")
	all["revoke.form.unknown_key"] = view.RevokeForm(request(found), "AKR-7F3K2")
	all["revoke.confirm"] = view.ConfirmRevoke(request(active), true)
	all["revoke.confirm.approver"] = view.ConfirmRevoke(request(active), false)
	all["card.pending.invalidated_approval"] = testViews.Card(request(func(r *approval.Request) {
		r.Requirements = []policy.Requirement{{From: policy.Principals{Users: []policy.UserID{"U0BOB", "U0DANA", "U0CAROL"}}, Count: 2}}
		r.Approvals = []approval.Approval{{By: "U0BOB", Void: policy.VoidDeactivated}, {By: "U0DANA"}}
	}))
	all["notice.already_decided"] = view.Notice("Nothing was changed", view.AlreadyDecided(request(approved), "U0DANA"))
	all["help"] = testViews.Help("", view.HelpReader{})
	all["help.approver"] = testViews.Help("", view.HelpReader{Approver: true})
	all["help.guest"] = testViews.Help("", view.HelpReader{Guest: true})
	all["help.unknown_word"] = testViews.Help(mrkdwn.Textf("I don't know %s. This is what I can do:", hostile), view.HelpReader{})
	all["list.empty"] = testViews.List(approval.Page{}, "")
	all["list"] = testViews.List(approval.Page{Requests: numbered([]approval.Request{request(), request(approved), request(issuing), request(delivered), request(active),
		request(revoking(revokedBy)), request(deniedFor("no")), request(withdrawn), request(ended(endDate))})}, "")
	var many []approval.Request
	for range 60 {
		many = append(many, request(large, active))
	}
	all["list.long"] = testViews.List(approval.Page{Requests: numbered(many), Newer: true}, "Done.")
	all["list.changes"] = testViews.List(approval.Page{Requests: numbered([]approval.Request{request(extension), request(extension, applied), request(accessListChange), request(accessListReduction),
		request(rotation(approved)), request(rotation(active)), request(active, withSuccessor)})}, rotated(request(rotation(approved)), nil))
	all["pending.nothing"] = testViews.Pending(nil, nil, later)
	all["pending"] = testViews.Pending([]approval.Request{request(), request(extension), request(accessListChange), request(withoutCard)}, nil, later.Add(5*time.Hour))
	var waiting []approval.Request
	for range 60 {
		waiting = append(waiting, request(large, accessListChange))
	}
	all["pending.long"] = testViews.Pending(waiting, nil, later)
	maps.Copy(all, homes(many, waiting))
	maps.Copy(all, policyScreens())
	all["status.issuing"] = view.StatusReply(request(issuing))
	all["status.deleting"] = view.StatusReply(request(rollingBack(approval.CauseNotShown), notDeleted))
	all["status.approved"] = view.StatusReply(request(returnedToApproved(approval.CauseNotShown)))
	all["status.delivered"] = view.StatusReply(request(delivered))
	all["key"] = testViews.KeyMessage(request(issuing), credential())
	all["key.replaced"] = testViews.KeyMessage(request(delivered), credential())
	return all
}

func credential() approval.Credential {
	return approval.Credential{
		Key:        approval.Key{ID: "65a1b2c3d4e5f60718293aff", PublicKey: "abcdefgh", MadeAt: later},
		PrivateKey: secret.New("00000000-1111-2222-3333-444444444444"),
	}
}

// TestGoldens holds every screen in every state: paste the blocks of one into Slack's Block
// Kit Builder to see it.
func TestGoldens(t *testing.T) {
	t.Parallel()
	for name, screen := range screens() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "golden", name+".json")
			got := pretty(t, screen)
			if updateGolden {
				require.NoError(t, os.WriteFile(file, got, 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err, "run with UPDATE=1, then read what it wrote")
			require.Equal(t, string(want), string(got))
		})
	}
}

// TestGoldensHaveScreens finds goldens that no screen has any more.
func TestGoldensHaveScreens(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	require.NoError(t, err)
	known := screens()
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		require.Contains(t, known, name, "a golden without a screen")
	}
}

func pretty(t *testing.T, v any) []byte {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(v))
	return []byte(b.String())
}
