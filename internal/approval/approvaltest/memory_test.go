package approvaltest_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	approvaltest.ExerciseStore(t, func(*testing.T) approvaltest.Damager { return &approvaltest.Memory{} })
}

func request() (approval.Request, approval.AuditEntry) {
	r := approval.Request{
		ID: "AKR-00001", Org: "org", State: approval.StatePending, Requester: "U_bo", IdempotencyKey: "form-1",
		Messages: []approval.MessageName{approval.CardMessage},
	}
	return r, approval.AuditEntry{At: approvaltest.Epoch, Request: r.ID, Event: approval.EventSubmit, To: approval.StatePending}
}

func TestMemoryOnMove(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	for name, tt := range map[string]struct {
		apply       bool
		told        error
		wantState   approval.State
		wantErr     error
		wantEntries int
	}{
		"it goes well": {true, nil, approval.StateApproved, nil, 2},
		"it is lost":   {false, cut, approval.StatePending, cut, 1},
		"it happens, and the caller hears it did not": {true, cut, approval.StateApproved, cut, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &approvaltest.Memory{}
			r, e := request()
			r, err := s.Create(t.Context(), r, e)
			require.NoError(t, err)
			s.SetOnMove(func(e approval.AuditEntry) (bool, error) {
				require.Equal(t, approval.EventApprove, e.Event)
				_, err := s.Get(t.Context(), e.Request) // it may use the store
				require.NoError(t, err)
				return tt.apply, tt.told
			})
			r.State = approval.StateApproved
			_, err = s.Move(t.Context(), r, approval.AuditEntry{At: approvaltest.Epoch, Request: r.ID, Event: approval.EventApprove, From: approval.StatePending, To: approval.StateApproved})
			require.ErrorIs(t, err, tt.wantErr)
			got, err := s.Get(t.Context(), r.ID)
			require.NoError(t, err)
			require.Equal(t, tt.wantState, got.State)
			require.Len(t, s.Entries(), tt.wantEntries)
		})
	}
}
