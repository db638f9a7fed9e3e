package approvaltest_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	approvaltest.ExerciseStore(t, func(*testing.T) approvaltest.Damager { return &approvaltest.Memory{} })
}

func request() (approval.Request, approval.Entry) {
	r := approval.Request{
		ID: "AKR-00001", Org: "org", State: approval.Pending, Requester: "U_bo", Origin: "form-1",
		Messages: []approval.MessageName{approval.CardMessage},
	}
	return r, approval.Entry{At: approvaltest.Epoch, Request: r.ID, Event: approval.Submit, To: approval.Pending}
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
		"it goes well": {true, nil, approval.Approved, nil, 2},
		"it is lost":   {false, cut, approval.Pending, cut, 1},
		"it happens, and the caller hears it did not": {true, cut, approval.Approved, cut, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &approvaltest.Memory{}
			r, e := request()
			r, err := s.Create(t.Context(), r, e)
			require.NoError(t, err)
			s.SetOnMove(func(e approval.Entry) (bool, error) {
				require.Equal(t, approval.Approve, e.Event)
				_, err := s.Get(t.Context(), e.Request) // it may use the store
				require.NoError(t, err)
				return tt.apply, tt.told
			})
			r.State = approval.Approved
			_, err = s.Move(t.Context(), r, approval.Entry{At: approvaltest.Epoch, Request: r.ID, Event: approval.Approve, From: approval.Pending, To: approval.Approved})
			require.ErrorIs(t, err, tt.wantErr)
			got, err := s.Get(t.Context(), r.ID)
			require.NoError(t, err)
			require.Equal(t, tt.wantState, got.State)
			require.Len(t, s.Entries(), tt.wantEntries)
		})
	}
}
