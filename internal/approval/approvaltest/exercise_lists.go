package approvaltest

import (
	"context"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

var reading = map[string]contract{
	"a request that is not there is not found":                                         notFound,
	"every field of a request comes back":                                              everyField,
	"times come back in UTC, to the millisecond":                                       everyTime,
	"text comes back in whatever script it was written":                                anyText,
	"big values come back":                                                             bigValues,
	"a person's requests are listed newest first, and no others":                       newestFirst,
	"a user without requests gets an empty list":                                       noRequests,
	"the live requests are the delivered and the active, the waiting ones the pending": liveRequests,
	"the unsigned requests are emergencies without a review, oldest first":             unsignedRequests,
	"a request with another owner is that owner's":                                     anotherOwner,
}

func notFound(t *testing.T, s approval.Store) {
	create(t, s)
	for _, id := range []policy.ID{"AKR-NOONE", "", "akr-00001", "AKR-00001 ", "%"} {
		_, err := s.Get(t.Context(), id)
		require.ErrorIs(t, err, approval.ErrNotFound, "%q", id)
	}
}

// full has something in every field, as no real request has.
func full() approval.Request {
	return asked(func(r *approval.Request) {
		at := func(d time.Duration) time.Time { return Epoch.Add(d) }
		r.Decision = approval.Decision{By: "U_ana", At: at(1), Reason: "all right"}
		r.Details = policy.Details{"ticket": "OPS-7 ü"}
		r.Attempt = 3
		r.Issuance = approval.Issuance{Stage: approval.StageStarted, ClickedAt: at(2), Tries: 2, RetryAt: at(3), NextEvent: approval.EventReturnToApproved, Cause: approval.CauseNotShown, Code: "ratelimited"}
		r.Type, r.ParentID, r.Successor, r.PredecessorScheduled, r.CarriesDecision = approval.Extension, "AKR-BEFOR", "AKR-AFTER", true, true
		r.Change = approval.ChangeDetails{OldEnd: at(1), NewEnd: at(2), OldNetworks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Added: true}
		r.Owns = []approval.OwnedProject{{Project: policy.Project{ID: "p1", Name: "One"}, Proven: true}}
		r.Change.Left = r.Owns
		r.UnknownKeys = approval.UnknownKeys{Count: 2, IDs: []policy.ID{"AKR-33333"}}
		r.Changing = approval.ListChange{By: "AKR-22222", Since: at(3)}
		r.RemindAt, r.ExpiryReminders = at(3), 2
		r.Access = fullAccess()
		r.Requested, r.ReducedBy = fullAccess(), "U_cy"
		r.ApprovedNetworks = fullAccess().Networks
		r.RequesterHistory = approval.RequesterHistory{ActiveKeys: 2, FirstRequest: true}
		r.BreakGlass, r.Review = true, approval.Review{By: "U_cy", At: at(4)}
		everybody := policy.Principals{Everyone: true, Users: []policy.UserID{"U_cy"}, Groups: []policy.GroupID{"S_cy"}}
		r.Requirements = []policy.Requirement{{From: everybody, Count: 2, For: []policy.Role{"ORG_OWNER"}}}
		r.Missing = slices.Clone(r.Requirements)
		r.Approvals = []approval.Approval{{By: "U_cy", At: at(5), Before: fullAccess(), After: fullAccess(), Note: "less is enough", Void: policy.VoidDeactivated}, {By: "U_di", At: at(6), Before: fullAccess(), After: fullAccess(), Note: "read only is enough", Void: policy.VoidGuest}}
		r.NextApproverReminderAt, r.ApproverReminders, r.NudgedAt = at(7), 2, at(8)
		r.EscalateAt, r.EscalatedAt, r.EscalatedTo = at(9), at(10), everybody
		r.Decision.Rule = "reading from CI"
		r.OwnerDeactivatedAt, r.OwnerDeactivations = at(11), 2
		r.Transfers = []approval.OwnershipTransfer{{From: "U_al", To: "U_bo", By: "U_cy", At: at(12), Approved: true}}
		r.Drifts = 2
		r.Drift = approval.Drift{
			RolesChanged: true, Roles: []policy.Role{"ORG_OWNER"}, Renamed: true, Owns: r.Owns,
			NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
			ProjectsChanged: true, Projects: fullAccess().Projects,
		}
		r.UnresolvedCreates = []approval.UnresolvedCreate{{Attempt: 1, Searches: 2, At: at(3), SearchAt: at(4), Notified: true}, {Attempt: 2, Searches: 1, At: at(4), SearchAt: at(5), Notified: true}}
		r.Key = approval.Key{ID: "0123456789abcdef01234567", PublicKey: "abcdefgh", MadeAt: at(6)}
		r.Leftover = approval.Leftover{Key: approval.Key{ID: "0123456789abcdef01234568", PublicKey: "bcdefghi", MadeAt: at(6)}, Since: at(7), SearchAt: at(8)}
		r.KeyExpiresAt, r.Since, r.BreakGlassOf = at(7), at(6), "AKR-GLASS"
		r.Cascade = approval.CascadeAll
		r.Confirmation = approval.Confirmation{ShownAt: at(8), RemindAt: at(9), ConfirmBy: at(10), Reminded: true, ByUse: true}
		r.Deletion = approval.Deletion{Since: at(11), Tries: 4, RetryAt: at(12), Notified: true, Cause: approval.CauseAtlasUnavailable, Code: "RATE_LIMITED"}
		r.Outcome = approval.Outcome{Cause: approval.CauseRevoked, By: "U_bo", At: at(13), Code: "NONE", Note: "not needed"}
	})
}

func fullAccess() policy.Access {
	from := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::1/128")}
	return policy.Access{
		Description: "billing export", Roles: []policy.Role{"ORG_MEMBER", "ORG_READ_ONLY"}, Networks: from, Lifetime: 8 * time.Hour,
		Projects:       []policy.ProjectAccess{{Project: policy.Project{ID: "64b000000000000000000001", Name: "Payments"}, Roles: []policy.Role{"GROUP_OWNER"}}},
		NetworkPresets: []policy.NetworkPreset{{Name: "office", Networks: from[:1]}},
	}
}

// stored is how r comes back when it was created as it is.
func stored(t *testing.T, s approval.Store, r approval.Request) approval.Request {
	t.Helper()
	_, err := s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	got, err := s.Get(t.Context(), r.ID)
	require.NoError(t, err)
	return got
}

func everyField(t *testing.T, s approval.Store) {
	r := full()
	eachTime(reflect.ValueOf(&r).Elem(), func(at *time.Time) { *at = toMillis(*at) })
	r.Version = 1
	r.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	requireFull(t, reflect.ValueOf(r), "Request")
	require.Equal(t, r, stored(t, s, r))
}

// requireFull wants no field to be empty: a new one has to be added to full, or
// nothing shows that it is stored.
func requireFull(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Map: // Places, which have clauses of their own
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[netip.Prefix]() {
			require.False(t, v.IsZero(), "%s is empty", path)
			return
		}
		for i := range v.NumField() {
			requireFull(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		require.NotZero(t, v.Len(), "%s is empty", path)
		for i := range v.Len() {
			requireFull(t, v.Index(i), path)
		}
	default:
		require.False(t, v.IsZero(), "%s is empty", path)
	}
}

func everyTime(t *testing.T, s approval.Store) {
	kathmandu := time.FixedZone("+0545", 5*3600+45*60)
	sent, want := full(), full()
	eachTime(reflect.ValueOf(&sent).Elem(), func(at *time.Time) {
		*at = time.Date(2026, 7, 1, 12, 30, 15, 123_999_999, kathmandu)
	})
	eachTime(reflect.ValueOf(&want).Elem(), func(at *time.Time) {
		*at = time.Date(2026, 7, 1, 6, 45, 15, 123_000_000, time.UTC)
	})
	want.Version = 1
	want.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	require.Equal(t, want, stored(t, s, sent))
	require.Equal(t, time.Date(2026, 7, 1, 6, 45, 15, 123_000_000, time.UTC), trail(t, s)[0].At)

	// What is due is compared in the same milliseconds.
	_, err := s.ClaimWork(t.Context(), want.ExpiresAt, want.ExpiresAt.Add(lease))
	require.NoError(t, err)
}

func anyText(t *testing.T, s approval.Store) {
	const text = "Größe 数据 مرحبا 🔑\u200d\t\"'`\\%_;--\u2028<!channel>&\n$1"
	r := asked(func(r *approval.Request) {
		r.Requester, r.IdempotencyKey, r.Reason, r.Access.Description = policy.UserID(text), text, text, text
	})
	e := submitted(r)
	e.Note = text
	_, err := s.Create(t.Context(), r, e)
	require.NoError(t, err)
	theirs, err := s.ListByRequester(t.Context(), policy.UserID(text))
	require.NoError(t, err)
	require.Len(t, theirs, 1)
	require.Equal(t, text, theirs[0].Reason)
	require.Equal(t, text, theirs[0].Access.Description)
	require.Equal(t, text, theirs[0].IdempotencyKey)
	require.Equal(t, text, trail(t, s)[0].Note)
	_, err = s.Create(t.Context(), r, e)
	require.ErrorIs(t, err, approval.ErrDuplicate)
}

func bigValues(t *testing.T, s approval.Store) {
	r := full()
	r.Reason = strings.Repeat("äöü ", 50_000)
	r.Access.Lifetime = math.MaxInt64
	r.Access.Networks = nil
	for i := range 1000 {
		r.Access.Networks = append(r.Access.Networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, byte(i / 256), byte(i)}), 32))
	}
	r.Attempt = math.MaxInt32
	r.KeyExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	got := stored(t, s, r)
	require.Equal(t, r.Reason, got.Reason)
	require.Equal(t, r.Access, got.Access)
	require.Equal(t, r.Attempt, got.Attempt)
	require.Equal(t, r.KeyExpiresAt, got.KeyExpiresAt)

	at := approval.MessageRef{Channel: "C1", TS: "1.1", Digest: strings.Repeat("d", 10_000)}
	require.NoError(t, s.SaveMessageRef(t.Context(), r.ID, approval.CardMessage, at))
	got, err := s.Get(context.WithoutCancel(t.Context()), r.ID)
	require.NoError(t, err)
	require.Equal(t, at, got.MessageRefs[approval.CardMessage])
}

func newestFirst(t *testing.T, s approval.Store) {
	at := func(after time.Duration) func(*approval.Request) {
		return func(r *approval.Request) { r.RequestedAt = Epoch.Add(after) }
	}
	create(t, s, named("AKR-CCCCC"), at(2*time.Second))
	create(t, s, named("AKR-AAAAA"), at(3*time.Second))
	create(t, s, named("AKR-BBBBB"), at(1*time.Second))
	create(t, s, named("AKR-OTHER"), func(r *approval.Request) { r.Requester = "U_ana" })
	theirs, err := s.ListByRequester(t.Context(), "U_bo")
	require.NoError(t, err)
	var ids []policy.ID
	for _, r := range theirs {
		ids = append(ids, r.ID)
	}
	require.Equal(t, []policy.ID{"AKR-AAAAA", "AKR-CCCCC", "AKR-BBBBB"}, ids)
}

func liveRequests(t *testing.T, s approval.Store) {
	for i, state := range []approval.State{approval.StateActive, approval.StatePending, approval.StateDelivered, approval.StateEnded, approval.StateRevoking} {
		create(t, s, named(policy.ID("AKR-0000"+string(rune('1'+i)))), func(r *approval.Request) {
			r.State = state
			r.RequestedAt = r.RequestedAt.Add(-time.Duration(i) * time.Minute)
		})
	}
	live, err := s.ListActive(t.Context())
	require.NoError(t, err)
	require.Len(t, live, 2)
	require.Equal(t, approval.StateDelivered, live[0].State, "the oldest first")
	require.Equal(t, approval.StateActive, live[1].State)
	waiting, err := s.ListPending(t.Context())
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, approval.StatePending, waiting[0].State)
}

func unsignedRequests(t *testing.T, s approval.Store) {
	emergency := func(r *approval.Request) { r.State, r.BreakGlass = approval.StateActive, true }
	create(t, s, named("AKR-00001"))
	late := create(t, s, named("AKR-00002"), emergency)
	early := create(t, s, named("AKR-00003"), emergency, func(r *approval.Request) {
		r.RequestedAt, r.State = r.RequestedAt.Add(-time.Hour), approval.StateEnded
	})
	create(t, s, named("AKR-00004"), emergency, func(r *approval.Request) {
		r.Review = approval.Review{By: "U_cy", At: Epoch}
	})
	require.Equal(t, []policy.ID{"AKR-00003", "AKR-00002"}, unsigned(t, s), "the oldest first, also when they are over")
	for _, r := range []approval.Request{late, early} {
		r.Review = approval.Review{By: "U_cy", At: Epoch}
		_, err := s.Move(t.Context(), r, approval.AuditEntry{At: Epoch, Org: r.Org, Request: r.ID, Event: approval.EventReview, From: r.State, To: r.State})
		require.NoError(t, err)
	}
	require.Empty(t, unsigned(t, s), "they are signed now")
}

func unsigned(t *testing.T, s approval.Store) []policy.ID {
	all, err := s.AwaitingReview(t.Context())
	require.NoError(t, err)
	var ids []policy.ID
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func anotherOwner(t *testing.T, s approval.Store) {
	r := create(t, s, func(r *approval.Request) { r.State = approval.StateActive })
	before := r.Requester
	r.Requester = "U_heir"
	_, err := s.Move(t.Context(), r, approval.AuditEntry{At: Epoch, Org: r.Org, Request: r.ID, Event: approval.EventTransfer, From: r.State, To: r.State})
	require.NoError(t, err)
	theirs, err := s.ListByRequester(t.Context(), "U_heir")
	require.NoError(t, err)
	require.Len(t, theirs, 1)
	theirs, err = s.ListByRequester(t.Context(), before)
	require.NoError(t, err)
	require.Empty(t, theirs)
}

func noRequests(t *testing.T, s approval.Store) {
	create(t, s)
	theirs, err := s.ListByRequester(t.Context(), "U_unknown")
	require.NoError(t, err)
	require.Empty(t, theirs)
}
