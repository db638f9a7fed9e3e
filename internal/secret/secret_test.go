package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/secret"
)

const value = "00000000-dead-beef-8000-01bdd56c8977"

type holder struct {
	Exported   secret.Secret
	unexported secret.Secret
	Pointer    *secret.Secret
}

func shapes() map[string]any {
	s := secret.New(value)
	return map[string]any{
		"itself":           s,
		"a pointer to it":  &s,
		"in a struct":      holder{s, s, &s},
		"a pointer to one": &holder{s, s, &s},
		"in a slice":       []secret.Secret{s},
		"in a map":         map[string]secret.Secret{"k": s},
		"as a map's key":   map[secret.Secret]int{s: 1},
		"in an error":      fmt.Errorf("creating a key: %v", s),
		"behind any":       []any{s, &s},
	}
}

func TestPrintRedacts(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%p"} {
			t.Run(name+" with "+verb, func(t *testing.T) {
				t.Parallel()
				printed := fmt.Sprintf(verb, shape, shape)
				assert.NotContains(t, printed, value)
				assert.NotContains(t, printed, fmt.Sprintf("%x", value))
			})
		}
	}
}

func TestMarshalAndLogRedact(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		for name, shape := range shapes() {
			slog.New(handler).Info("shape", name, shape)
		}
	}
	encoded, err := json.Marshal(holder{Exported: secret.New(value)})
	require.NoError(t, err)
	out.Write(encoded)
	assert.NotContains(t, out.String(), value)
	assert.Contains(t, out.String(), "[redacted]")
}

func TestValueRefuses(t *testing.T) {
	t.Parallel()
	_, err := secret.New(value).Value()
	require.Error(t, err)
	assert.NotContains(t, err.Error(), value)
}

func TestUnmarshalEqualReveal(t *testing.T) {
	t.Parallel()
	var s secret.Secret
	assert.True(t, s.IsZero())
	assert.Empty(t, s.Reveal())
	require.NoError(t, s.UnmarshalText([]byte(value)))
	assert.Equal(t, value, s.Reveal())
	assert.True(t, s.Equal(secret.New(value)))
	assert.False(t, s.Equal(secret.New("another")))
}
