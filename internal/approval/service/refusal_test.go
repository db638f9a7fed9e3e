package service_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/approval/service"
)

// TestRefusalsAreRecorded: whatever is refused before there is a change,
// forms that are opened and lists included, leaves one line that says why.
func TestRefusalsAreRecorded(t *testing.T) {
	t.Parallel()
	with := func(call func(*service.Service, context.Context, policy.Actor, policy.ID) error) func(*env, policy.Actor, policy.ID) error {
		return func(w *env, who policy.Actor, id policy.ID) error {
			return call(w.Service, w.T.Context(), who, id)
		}
	}
	for name, tt := range map[string]struct {
		reach func(*env) policy.ID // nil: about no request
		who   policy.UserID
		try   func(*env, policy.Actor, policy.ID) error
		event approval.Event
		note  string
		want  string
	}{
		"opening Deny": {(*env).Submitted, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayDeny(ctx, who, id)
			return err
		}), approval.EventDeny, "", "not_approver"},
		"opening Deny of one's own": {(*env).Submitted, alice, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayDeny(ctx, who, id)
			return err
		}), approval.EventDeny, "", "own_request"},
		"opening Deny too late": {(*env).Approved, dana, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayDeny(ctx, who, id)
			return err
		}), approval.EventDeny, "", "not_allowed"},
		"opening Approve with changes": {(*env).Submitted, gil, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayApprovePartially(ctx, who, id)
			return err
		}), approval.EventApprove, "", "guest"},
		"opening Approve with changes of more addresses than the form holds": {func(w *env) policy.ID {
			r := w.Stored(w.Submitted())
			r.ID, r.IdempotencyKey, r.MessageRefs, r.Access.Networks = "AKR-44444", "V8", nil, nil
			for i := range 250 { // 15 characters each: 3999, and 3000 are the most
				r.Access.Networks = append(r.Access.Networks, netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 100, 100, byte(i)}), 32))
			}
			created, err := w.Store.Create(w.T.Context(), r, approval.AuditEntry{At: r.RequestedAt, Org: r.Org, Request: r.ID, Event: approval.EventSubmit, To: r.State, By: r.Requester})
			require.NoError(w.T, err)
			return created.ID
		}, bob, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayApprovePartially(ctx, who, id)
			return err
		}), approval.EventApprove, "", "too_many_for_form"},
		"opening Revoke": {(*env).Active, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayRevoke(ctx, who, id)
			return err
		}), approval.EventRevoke, "", "not_owner"},
		"opening Revoke of a key that is none": {(*env).Submitted, bob, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayRevoke(ctx, who, id)
			return err
		}), approval.EventRevoke, "", "not_allowed"},
		"opening the form for more time": {(*env).Active, bob, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, _, err := s.MayExtend(ctx, who, id)
			return err
		}), approval.EventExtend, "", "not_owner"},
		"opening the form for addresses": {(*env).Delivered, alice, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, _, err := s.MayReplaceAccessList(ctx, who, id)
			return err
		}), approval.EventReplaceAccessList, "", "not_allowed"},
		"rotating": {(*env).Active, eve, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.Rotate(ctx, who, id)
			return err
		}), approval.EventRotate, "", "not_owner"},
		"rotating twice": {func(w *env) policy.ID {
			id := w.Active()
			_, err := w.Rotate(w.T.Context(), as(alice), id)
			require.NoError(w.T, err)
			return id
		}, alice, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.Rotate(ctx, who, id)
			return err
		}), approval.EventRotate, "", "rotation_underway"},
		"asking for too much more time": {(*env).Active, alice, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.Extend(ctx, who, id, service.ExtensionForm{IdempotencyKey: "V9", ExtendBy: 9 * time.Hour, Reason: "more"})
			return err
		}), approval.EventExtend, "", "lifetime_not_allowed"},
		"asking for too wide addresses": {(*env).Active, alice, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.ReplaceAccessList(ctx, who, id, service.AccessListForm{IdempotencyKey: "V9", Networks: "203.0.112.0/20", Reason: "more"})
			return err
		}), approval.EventReplaceAccessList, "", "too_wide"},
		"switching over, of a key that is no successor": {(*env).Active, alice, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.RetirePredecessorNow(ctx, who, id)
			return err
		}), approval.EventRevoke, "", "not_allowed"},
		"requesting again for another user": {(*env).Submitted, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			r, err := s.MayRequestAgain(ctx, who, id)
			assert.Empty(t, r, "nothing of it is shown")
			return err
		}), approval.EventSubmit, "", "not_owner"},
		"approving with changes that add": {(*env).Submitted, bob, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.ApprovePartially(ctx, who, id, policy.PartialApproval{Roles: []policy.Role{"ORG_OWNER"}, Networks: "203.0.113.7", Lifetime: 8 * time.Hour})
			return err
		}), approval.EventApprove, "", "not_a_subset"},
		"pressing a button where it is not": {(*env).Submitted, bob, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			return s.RefusePress(ctx, who, id, approval.EventApprove)
		}), approval.EventApprove, "", "misplaced"},
		"a request that is not there": {func(*env) policy.ID { return "AKR-22222" }, bob, with(func(s *service.Service, ctx context.Context, who policy.Actor, id policy.ID) error {
			_, err := s.MayRevoke(ctx, who, id)
			return err
		}), approval.EventRevoke, "", "not_found"},
		"opening the form": {nil, gil, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.Entitlements(ctx, who, "")
			return err
		}), approval.EventSubmit, "form", "guest"},
		"sending the form": {nil, gil, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.Submit(ctx, who, form())
			return err
		}), approval.EventSubmit, "", "guest"},
		"sending the form for a role of others": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.Submit(ctx, who, form(withRoles("ORG_OWNER")))
			return err
		}), approval.EventSubmit, "", "role_not_for_requester"},
		"sending the form for a network that is not offered": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.Submit(ctx, who, form(func(f *policy.Form) { f.NetworkPresets = []string{"moon"} }))
			return err
		}), approval.EventSubmit, "", "no_such_network"},
		"sending the form for a project that is not offered": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.Submit(ctx, who, form(func(f *policy.Form) {
				f.Projects, f.ProjectRoles = []policy.ProjectID{"64b00000000000000000000f"}, []policy.Role{"GROUP_READ_ONLY"}
			}))
			return err
		}), approval.EventSubmit, "", "no_such_project"},
		"sending the form for a role that is not offered": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.Submit(ctx, who, form(withRoles("ORG_GROUP_CREATOR")))
			return err
		}), approval.EventSubmit, "", "role_not_allowed"},
		"typing emergency": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.MayBreakGlass(ctx, who)
			return err
		}), approval.EventSubmit, "break-glass", "break_glass_not_allowed"},
		"breaking the glass": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.BreakGlass(ctx, who, form())
			return err
		}), approval.EventSubmit, "break-glass", "break_glass_not_allowed"},
		"a list": {nil, carol, with(func(s *service.Service, ctx context.Context, who policy.Actor, _ policy.ID) error {
			_, err := s.ListPending(ctx, who)
			return s.RefuseView(ctx, who, "pending", err)
		}), approval.EventView, "pending", "not_approver"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inEnv(t, func(w *env) {
				var id policy.ID
				if tt.reach != nil {
					id = tt.reach(w)
				}
				before := w.Store.Entries()
				require.Error(t, tt.try(w, as(tt.who), id))
				lines := w.Store.Entries()[len(before):]
				require.Len(t, lines, 1, "one line")
				got := lines[0]
				assert.Equal(t, []any{id, tt.event, tt.who, tt.note, tt.want}, []any{got.Request, got.Event, got.By, got.Note, got.Refused})
				assert.False(t, got.At.IsZero())
				assert.Equal(t, got.From, got.To)
			}, func(p *policy.Policy) {
				p.BreakGlass = policy.BreakGlass{AllowedRequesters: users(dana), Roles: []policy.Role{"ORG_OWNER"}, Lifetime: time.Hour}
				p.ProjectRoles = policy.RulesFor("GROUP_READ_ONLY")
				p.Roles = append(policy.RulesFor("ORG_BILLING_READ_ONLY"), policy.RoleRule{Role: "ORG_OWNER", AllowedRequesters: users(dana)})
			})
		})
	}
}

func TestFormMistakesAreNotRecorded(t *testing.T) {
	t.Parallel()
	w := newEnv(t, testPolicy())
	for _, edit := range []func(*policy.Form){
		func(f *policy.Form) { f.Networks = "here" }, func(f *policy.Form) { f.Reason = "" }, func(f *policy.Form) { f.Networks = "10.0.0.1" },
	} {
		_, err := w.Submit(t.Context(), as(alice), form(edit))
		require.Error(t, err)
	}
	require.Empty(t, w.Store.Entries())
}
