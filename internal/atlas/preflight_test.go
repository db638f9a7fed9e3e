package atlas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
	emulated "atlaskeybot/internal/sandbox/atlas"
)

func TestOrganizationsListsThoseOfTheKey(t *testing.T) {
	t.Parallel()
	meant := func(c *atlas.Config) { c.OrgID = "000000000000000000000001" } // not the key's
	r := newRig(t, emulated.Options{}, meant)
	all, err := r.api.Organizations(t.Context())
	require.NoError(t, err)
	require.Equal(t, []atlas.Organization{{ID: emulated.DefaultID, Name: emulated.DefaultName}}, all)
}
