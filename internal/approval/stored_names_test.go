package approval_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// TestStoredNames pins the JSON of a request and of a line of the audit trail in which
// every field is set. Both outlive the program that wrote them: a field of Go may get
// another name, its name in JSON may not. UPDATE=1 writes the files after a field was
// added; no line that is there may change.
func TestStoredNames(t *testing.T) {
	t.Parallel()
	entry := approval.AuditEntry{Details: approval.NewAuditDetails(policy.Details{"ticket": "OPS-1"})}
	for name, value := range map[string]any{"request.json": &approval.Request{}, "audit_entry.json": &entry} {
		fill(t, reflect.ValueOf(value).Elem())
		got, err := json.MarshalIndent(value, "", "  ")
		require.NoError(t, err)
		file := filepath.Join("testdata", name)
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got)+"\n", name)

		back := reflect.New(reflect.TypeOf(value).Elem())
		decoder := json.NewDecoder(bytes.NewReader(want))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(back.Interface()), name)
		if r, isRequest := value.(*approval.Request); isRequest {
			r.MessageRefs = nil // kept beside the request
		}
		assert.Equal(t, value, back.Interface(), "%s: what was written is read", name)
	}
}

// fill sets every field that is not set.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	if !v.IsZero() && v.Kind() != reflect.Struct {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.MustParsePrefix("203.0.113.0/24")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key)
		fill(t, element)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, element)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("fill cannot set a %s", v.Type())
	}
}
