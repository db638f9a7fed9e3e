package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/policyfile"
)

func TestPolicyInitAndSchemaPrint(t *testing.T) {
	t.Parallel()
	code, out, errs := runPolicy(t, nil, "init")
	require.Zero(t, code, errs)
	assert.Equal(t, string(policyfile.DefaultFile()), out)
	code, out, errs = runPolicy(t, nil, "schema")
	require.Zero(t, code, errs)
	assert.Equal(t, string(policyfile.Schema()), out)
}

func TestPolicyInitWritesFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, schema := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "policy.schema.json")
	says := "Edit " + file + ", check it with 'atlas-key-bot policy check " + file + "', and name it in POLICY_FILE.\n"
	code, out, errs := runPolicy(t, nil, "init", file)
	require.Zero(t, code, errs)
	assert.Equal(t, file+" is written.\n"+says, out)
	assert.NoFileExists(t, schema)
	code, out, errs = runPolicy(t, nil, "init", file, "--schema")
	require.Zero(t, code, errs, "a file with that text is no obstacle")
	assert.Equal(t, file+" is written.\n"+schema+" is written.\n"+says, out)
	text, err := os.ReadFile(schema)
	require.NoError(t, err)
	assert.Equal(t, string(policyfile.Schema()), string(text))
	code, out, errs = runPolicy(t, map[string]string{"SLACK_APPROVERS": "U0BOB"}, "check", file)
	require.Zero(t, code, errs)
	assert.Contains(t, out, "6 organization roles, no access to projects, usually approved by 1 of U0BOB, lifetimes up to 90d.")
}

func TestPolicyInitReplacesOnlyWithForce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, schema := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "policy.schema.json")
	require.NoError(t, os.WriteFile(schema, []byte("{}"), 0o600))
	code, _, errs := runPolicy(t, nil, "init", file, "--schema")
	assert.Equal(t, 1, code)
	assert.Equal(t, "atlas-key-bot: "+schema+" exists: choose another name, or replace it with --force\n", errs)
	assert.NoFileExists(t, file, "it writes both or none")
	require.NoError(t, os.WriteFile(file, []byte("lifetimes: [8h]\n"), 0o600))
	code, _, errs = runPolicy(t, nil, "init", file)
	assert.Equal(t, 1, code)
	assert.Equal(t, "atlas-key-bot: "+file+" exists: choose another name, or replace it with --force\n", errs)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "lifetimes: [8h]\n", string(text))
	code, _, errs = runPolicy(t, nil, "init", file, "--schema", "--force")
	require.Zero(t, code, errs)
	text, err = os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(policyfile.DefaultFile()), string(text))

	code, _, errs = runPolicy(t, nil, "init", filepath.Join(dir, "none", "policy.yaml"))
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "no such file or directory")
	code, _, errs = runPolicy(t, nil, "init", "--schema")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "--schema writes beside FILE: name one, or run 'atlas-key-bot policy schema'")
	code, _, errs = runPolicy(t, nil, "init", schema, "--schema")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "is the name of the schema: give the policy file another one")
}
