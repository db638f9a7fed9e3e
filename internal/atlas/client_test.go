package atlas_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/atlas"
)

func TestNewChecksConfig(t *testing.T) {
	t.Parallel()
	good := atlas.Config{BaseURL: "https://cloud.mongodb.com", OrgID: org, Login: atlas.Digest{}}
	_, err := atlas.New(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*atlas.Config){
		"no URL":            func(c *atlas.Config) { c.BaseURL = "" },
		"a path only":       func(c *atlas.Config) { c.BaseURL = "/api" },
		"a login in it":     func(c *atlas.Config) { c.BaseURL = "https://a:hunter2@cloud.mongodb.com" },
		"no organization":   func(c *atlas.Config) { c.OrgID = "" },
		"an id with a path": func(c *atlas.Config) { c.OrgID = "../../../../../../etc/pwd" },
		"no credential":     func(c *atlas.Config) { c.Login = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			spoil(&c)
			_, err := atlas.New(c)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}
