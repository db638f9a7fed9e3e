package atlas_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

// page is a response with a web page of the given type.
func page(status int, contentType string) responder {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, "<!DOCTYPE html><html><body>Please log in</body></html>")
	}
}

// The key may exist: the origin of the page is not known.
func TestWebPageIsReported(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]responder{
		"a captive portal": page(200, "text/html; charset=utf-8"),
		"without a type":   page(200, "application/octet-stream"),
		"a proxy":          page(503, "text/html"),
		"a refusal":        page(403, "text/html"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newScript(t, l, l, l).client().ListKeys(t.Context())
			require.ErrorIs(t, err, atlas.ErrWebPage)
			assert.Equal(t, atlas.Transient, atlas.KindOf(err))
			assert.NotContains(t, err.Error(), "log in", "nothing of the page")
		})
	}
	t.Run("to a create", func(t *testing.T) {
		t.Parallel()
		_, err := newScript(t, page(200, "text/html")).client().Create(t.Context(), wanted(), notNoted)
		require.ErrorIs(t, err, atlas.ErrWebPage)
		assert.Equal(t, atlas.Indeterminate, atlas.KindOf(err))
	})
}
