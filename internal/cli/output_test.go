package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// printsJSON runs a command with --output json and returns what it printed.
func printsJSON(t *testing.T, wantCode int, environ map[string]string, args ...string) map[string]any {
	t.Helper()
	code, out, errs := runs(t, environ, append(args, "--output", "json")...)
	require.Equal(t, wantCode, code, errs)
	var printed map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &printed), out)
	return printed
}

func TestBackupAndRestorePrintJSON(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	newDatabase(t, dir+"/bot.db", 2)
	environ := map[string]string{"DATABASE_URL": "sqlite:" + dir + "/bot.db"}
	backup := printsJSON(t, 0, environ, "backup", dir+"/copy.db")
	head := backup["head"].(map[string]any)
	assert.Equal(t, map[string]any{"file": dir + "/copy.db", "requests": 2.0, "audit_lines": 2.0, "head": head}, backup)
	assert.Len(t, head["hash"], 64)
	assert.Equal(t, 2.0, head["line"])
	verified := printsJSON(t, 0, environ, "audit", "verify", "--head", head["hash"].(string))
	assert.Equal(t, map[string]any{"lines": 2.0, "head": head["hash"], "head_line": 2.0, "kept_line": 2.0}, verified)

	restored := printsJSON(t, 0, environ, "restore", dir+"/copy.db")
	assert.Equal(t, map[string]any{
		"file": dir + "/copy.db", "database": dir + "/bot.db", "requests": 2.0, "audit_lines": 2.0,
		"kept_as": restored["kept_as"], "kept": map[string]any{"requests": 2.0, "audit_lines": 2.0},
	}, restored)
	assert.FileExists(t, restored["kept_as"].(string))
	require.NoError(t, os.Remove(dir+"/bot.db"))
	assert.NotContains(t, printsJSON(t, 0, environ, "restore", dir+"/copy.db"), "kept_as")
}

func TestPolicyPrintsJSON(t *testing.T) {
	t.Parallel()
	files := printsJSON(t, 0, nil, "policy", "check", examplePolicy)["files"].([]any)
	require.Len(t, files, 1)
	assert.Equal(t, examplePolicy, files[0].(map[string]any)["file"])
	assert.NotEmpty(t, files[0].(map[string]any)["summary"])
	file := policyOf(t, "required_approvals: [{from: [U0BOB]}]\nrolls: {}\n")
	problems := printsJSON(t, 1, nil, "policy", "check", file)["problems"].([]any)
	require.NotEmpty(t, problems)
	assert.Contains(t, problems[0], file+":2: ")

	explain := func(args string) map[string]any {
		return printsJSON(t, 0, nil, append(append([]string{"policy", "explain"}, strings.Fields(args)...), examplePolicy)...)
	}
	refused := explain("--user U0EVE --roles ORG_GROUP_CREATOR --for 7d --groups=")
	assert.Equal(t, false, refused["allowed"])
	assert.Len(t, refused["problems"], 1)
	allowed := explain("--user U0ALICE --roles ORG_OWNER --for 8h --groups S0SRE")
	assert.Equal(t, true, allowed["allowed"])
	assert.Equal(t, "ORG_OWNER for 8h", allowed["request"])
	assert.Equal(t, map[string]any{"count": 1.0, "from": "S0SRE", "reason": "required by the rule of ORG_OWNER"}, allowed["approvals"].([]any)[0])
	assert.NotContains(t, allowed, "auto_approval")
	automatic := explain("--user U0ALICE --roles ORG_READ_ONLY --for 8h --network ci --groups=")
	assert.Equal(t, "reading from CI for a day", automatic["auto_approval"])
	assert.NotContains(t, automatic, "approvals")
}
