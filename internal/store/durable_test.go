package store_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/approvaltest"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
	"atlaskeybot/internal/store"
)

// With NORMAL, the last commits may be lost with the power.
func TestConnectionSettings(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "bot.db"))
	for pragma, want := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		var got string
		require.NoError(t, s.DB().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
	require.Equal(t, 1, s.DB().Stats().MaxOpenConnections)
}

// A restarted bot retries at once, and waits for due dates as before.
func TestRestartRetriesAtOnce(t *testing.T) {
	t.Parallel()
	path := "sqlite:" + filepath.Join(t.TempDir(), "bot.db")
	now := approvaltest.Epoch
	soon := now.Add(9 * time.Minute)
	s, err := store.Open(t.Context(), path, store.Options{})
	require.NoError(t, err)
	pending, revoking := asked("AKR-WAITS"), asked("AKR-TRIED")
	revoking.State, revoking.Deletion = approval.StateRevoking, approval.Deletion{Since: now, RetryAt: soon}
	for _, r := range []approval.Request{pending, revoking} {
		_, err = s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
		require.NoError(t, s.ReleaseSync(t.Context(), r.ID, 1, soon, nil))
	}
	require.NoError(t, s.Close())

	s = open(t, path)
	r, err := s.ClaimWork(t.Context(), now, now.Add(time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, "AKR-TRIED", r.ID)
	_, err = s.ClaimWork(t.Context(), now, now.Add(time.Minute))
	require.ErrorIs(t, err, approval.ErrNothingDue)
	for range 2 {
		_, err = s.ClaimSync(t.Context(), now, now.Add(time.Minute))
		require.NoError(t, err)
	}
}

func TestUnreadableRequestBlocksNoOther(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite::memory:")
	for i, id := range []policy.ID{"AKR-BROKE", "AKR-WHOLE"} {
		r := asked(id)
		r.ExpiresAt = r.RequestedAt.Add(time.Duration(i) * time.Second)
		_, err := s.Create(t.Context(), r, submitted(r))
		require.NoError(t, err)
	}
	_, err := s.DB().ExecContext(t.Context(), `UPDATE request SET body = '{"id":7' WHERE id = 'AKR-BROKE'`)
	require.NoError(t, err)
	now := approvaltest.Epoch.Add(time.Minute)
	for _, claim := range []func() (approval.Request, error){
		func() (approval.Request, error) { return s.ClaimWork(t.Context(), now, now.Add(time.Minute)) },
		func() (approval.Request, error) { return s.ClaimSync(t.Context(), now, now.Add(time.Minute)) },
	} {
		_, err = claim()
		require.ErrorIs(t, err, approval.ErrUnreadable)
		require.ErrorContains(t, err, "AKR-BROKE")
		r, err := claim()
		require.NoError(t, err)
		require.EqualValues(t, "AKR-WHOLE", r.ID)
	}
}

func TestAuditTrailOnlyGrows(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite::memory:")
	r := asked("AKR-00001")
	_, err := s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	for statement, want := range map[string]string{
		"UPDATE audit SET actor = 'U_cy'": "the audit trail is never changed",
		"DELETE FROM audit":               "the audit trail is never shortened",
	} {
		_, err := s.DB().ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, s.Audit(t.Context(), func(e approval.AuditEntry) error {
		require.EqualValues(t, "U_bo", e.By)
		return nil
	}))
}

func TestColumnsMatchBody(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite::memory:")
	r := asked("AKR-00001")
	r, err := s.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)
	r.State = approval.StateApproved
	r.ExpiresAt = approvaltest.Epoch.Add(2 * time.Hour)
	e := approval.AuditEntry{At: approvaltest.Epoch.Add(time.Minute), Request: r.ID, Event: approval.EventApprove, From: approval.StatePending, To: approval.StateApproved}
	_, err = s.Move(t.Context(), r, e)
	require.NoError(t, err)

	var state, body string
	var version, workAt, drawAt int64
	row := s.DB().QueryRowContext(t.Context(), `SELECT state, version, work_at, sync_at, body FROM request`)
	require.NoError(t, row.Scan(&state, &version, &workAt, &drawAt, &body))
	require.Equal(t, "approved", state)
	require.EqualValues(t, 2, version)
	require.Equal(t, approvaltest.Epoch.Add(2*time.Hour).UnixMilli(), workAt)
	require.Equal(t, approvaltest.Epoch.Add(time.Minute).UnixMilli(), drawAt)
	var truth approval.Request
	require.NoError(t, json.Unmarshal([]byte(body), &truth))
	require.Equal(t, approval.StateApproved, truth.State)
	require.EqualValues(t, 2, truth.Version)
}

// No stored type has a field for a private key.
func TestStoredTypesHoldNoSecret(t *testing.T) {
	t.Parallel()
	require.True(t, canHold(reflect.TypeFor[approval.Credential](), reflect.TypeFor[secret.Secret]()), "the search finds what is there")
	for _, stored := range []reflect.Type{
		reflect.TypeFor[approval.Request](), reflect.TypeFor[approval.AuditEntry](), reflect.TypeFor[approval.MessageRef](),
	} {
		require.False(t, canHold(stored, reflect.TypeFor[secret.Secret]()), "%s", stored)
	}
}

func canHold(in, what reflect.Type) bool {
	switch in.Kind() {
	case reflect.Struct:
		for i := range in.NumField() {
			if in.Field(i).Type.Kind() != reflect.Pointer && canHold(in.Field(i).Type, what) {
				return true
			}
		}
	case reflect.Map:
		return canHold(in.Key(), what) || canHold(in.Elem(), what)
	case reflect.Slice, reflect.Array:
		return canHold(in.Elem(), what)
	case reflect.Interface:
		return true
	}
	return in == what
}

func TestPing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	s := open(t, "sqlite:"+path)
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Ping(t.Context()), "it leaves no transaction open")
	require.NoError(t, s.Close())
	require.Error(t, s.Ping(t.Context()))
}

func TestReadOnlyBesideOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bot.db")
	bot := open(t, "sqlite:"+path)
	r := asked("AKR-00001")
	_, err := bot.Create(t.Context(), r, submitted(r))
	require.NoError(t, err)

	reader, err := store.Open(t.Context(), "sqlite:"+path, store.Options{ReadOnly: true})
	require.NoError(t, err)
	defer reader.Close()
	lines := 0
	require.NoError(t, reader.Audit(t.Context(), func(approval.AuditEntry) error { lines++; return nil }))
	require.Equal(t, 1, lines)
	require.Error(t, reader.Record(t.Context(), submitted(r)))
	require.NoError(t, bot.Record(t.Context(), submitted(r)), "the reader blocks no writer")
}

func TestReadOnlyCreatesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(tempDir(t), "bot.db")
	_, err := store.Open(t.Context(), "sqlite:"+path, store.Options{ReadOnly: true})
	require.EqualError(t, err, "opening database "+path+": there is no such file")
	require.NoFileExists(t, path)
	require.NoFileExists(t, path+".lock")
}
