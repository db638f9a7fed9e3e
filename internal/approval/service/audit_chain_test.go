package service_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Computed with another language's SHA-256, as docs/audit.md says.
const (
	firstHash  = "da941c257f125f83cf8472996b18594d2f01686d74f2cfb79cc05075328accaf"
	secondHash = "0a5425659870aef84d05bc076768f10edef03ecfee9bf33530cd40ab8ac96259"
)

func lineOne() approval.AuditEntry {
	return approval.AuditEntry{
		Seq: 1, At: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC), Org: "5f1f2a3b4c5d6e7f8a9b0c1d",
		Request: "AKR-7F3K2", Event: approval.EventSubmit, To: approval.StatePending, By: "U0BO",
	}.Linked("")
}

func lineTwo() approval.AuditEntry {
	return approval.AuditEntry{
		Seq: 2, At: time.Date(2026, time.March, 2, 10, 1, 0, 120_999_999, time.FixedZone("an hour ahead", 3600)), Org: "5f1f2a3b4c5d6e7f8a9b0c1d",
		Request: "AKR-7F3K2", Event: approval.EventDeny, From: approval.StatePending, To: approval.StateDenied, By: "U0ANA", Note: "nein, später\n",
		Key: "abcdefgh", KeyID: "0123456789abcdef01234567",
		Details: approval.NewAuditDetails(policy.Details{"ticket": "ÖPS \"12\"\\<&>\u2028\x01\x7f\n", "area": "b"}),
	}.Linked(firstHash)
}

func TestAuditHashMatchesDocumentation(t *testing.T) {
	t.Parallel()
	require.Equal(t, firstHash, lineOne().Hash)
	two := lineTwo()
	require.Equal(t, secondHash, two.Hash)
	require.Equal(t, "2026-03-02T09:01:00.12Z", two.At.Format(time.RFC3339Nano), "as it is hashed it is kept")
}

// A field that was added and left out of the hash could be edited unseen.
func TestAuditHashCoversEveryField(t *testing.T) {
	t.Parallel()
	entry := reflect.TypeFor[approval.AuditEntry]()
	for i := range entry.NumField() {
		name := entry.Field(i).Name
		e := lineTwo()
		switch field := reflect.ValueOf(&e).Elem().Field(i); {
		case name == "At":
			e.At = e.At.Add(time.Millisecond)
		case field.Kind() == reflect.String:
			field.SetString(field.String() + "x")
		default:
			field.SetInt(field.Int() + 1)
		}
		chain := approval.Chain{}
		require.NoError(t, chain.Next(lineOne()))
		require.ErrorIs(t, chain.Next(e), approval.ErrBrokenChain, name)
	}
}

// Text that wanders from one field into the next is another line.
func TestAuditHashSeparatesFields(t *testing.T) {
	t.Parallel()
	a, b := lineOne(), lineOne()
	a.Note, a.Refused = "x1:y", "z"
	b.Note, b.Refused = "x", "1:yz"
	require.NotEqual(t, a.Linked("").Hash, b.Linked("").Hash)
}

func TestAuditChain(t *testing.T) {
	t.Parallel()
	var whole []approval.AuditEntry
	last := approval.AuditEntry{}
	for i := range int64(6) {
		e := lineOne()
		e.Seq = i + 1
		last = e.Linked(last.Hash)
		whole = append(whole, last)
	}
	for name, tt := range map[string]struct {
		spoil func(all []approval.AuditEntry) []approval.AuditEntry
		at    int64 // lines that are whole
		want  string
	}{
		"an edit": {func(all []approval.AuditEntry) []approval.AuditEntry { all[2].By = "U0EVE"; return all }, 2, "line 3 (2026-03-02T09:00:00Z, submit AKR-7F3K2): its hash is not the hash of what it says"},
		"an edit with its hash": {func(all []approval.AuditEntry) []approval.AuditEntry {
			all[2].By = "U0EVE"
			all[2] = all[2].Linked(all[2].Prev)
			return all
		}, 3, "line 4 (2026-03-02T09:00:00Z, submit AKR-7F3K2): it does not follow line 3: that one was edited"},
		"a line taken out":    {func(all []approval.AuditEntry) []approval.AuditEntry { return slices.Delete(all, 2, 3) }, 2, "line 4 (2026-03-02T09:00:00Z, submit AKR-7F3K2): it does not follow line 2: what was between them was removed"},
		"the first taken out": {func(all []approval.AuditEntry) []approval.AuditEntry { return all[1:] }, 0, "line 2 (2026-03-02T09:00:00Z, submit AKR-7F3K2): it is not the first line that was written"},
		"two swapped":         {func(all []approval.AuditEntry) []approval.AuditEntry { all[2], all[3] = all[3], all[2]; return all }, 2, "line 4 (2026-03-02T09:00:00Z, submit AKR-7F3K2): it does not follow line 2"},
		"two swapped with their numbers": {func(all []approval.AuditEntry) []approval.AuditEntry {
			all[2].Seq, all[3].Seq = 4, 3
			all[2], all[3] = all[3], all[2]
			return all
		}, 2, "line 3 (2026-03-02T09:00:00Z, submit AKR-7F3K2): its hash is not the hash of what it says: it was edited, moved"},
		"one twice":          {func(all []approval.AuditEntry) []approval.AuditEntry { return slices.Insert(all, 3, all[2]) }, 3, "line 3 (2026-03-02T09:00:00Z, submit AKR-7F3K2): it comes after line 3: the order was changed"},
		"one without a hash": {func(all []approval.AuditEntry) []approval.AuditEntry { all[5].Hash = ""; return all }, 5, "line 6 (2026-03-02T09:00:00Z, submit AKR-7F3K2): it has no hash"},
		"nothing":            {func(all []approval.AuditEntry) []approval.AuditEntry { return all }, 6, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var chain approval.Chain
			var err error
			for _, e := range tt.spoil(slices.Clone(whole)) {
				if err = chain.Next(e); err != nil {
					break
				}
			}
			require.Equal(t, tt.at, chain.Lines)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, approval.ErrBrokenChain)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Every line about a key names it, those too in
// which the request gives it up.
func TestAuditEntriesNameTheirKey(t *testing.T) {
	t.Parallel()
	inEnv(t, func(w *env) {
		id := w.Delivered()
		first := w.Stored(id).Key
		_, err := w.Replace(t.Context(), as(alice), id)
		require.NoError(t, err)
		w.WaitIdle()
		second := w.Stored(id).Key
		_, err = w.Revoke(t.Context(), as(carol), id, "")
		require.ErrorIs(t, err, approval.ErrNotOwner)
		_, err = w.Revoke(t.Context(), as(alice), id, "")
		require.NoError(t, err)
		w.WaitIdle()

		var lines []string
		for _, e := range w.Store.Entries() {
			name := map[string]string{"": "", first.PublicKey: " first", second.PublicKey: " second"}[e.Key]
			require.Equal(t, map[string]string{"": "", first.PublicKey: first.ID, second.PublicKey: second.ID}[e.Key], e.KeyID)
			lines = append(lines, string(e.Event)+name)
		}
		require.Equal(t, []string{
			"submit", "approve", "issue", "create_started", "key_created first", "deliver first",
			"replace first", "create_started first", "key_created second", "deliver second",
			"revoke second", "revoke second", "deleted second",
		}, lines)
	})
}
