package demo

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"atlaskeybot/internal/sandbox"
	"atlaskeybot/internal/sandbox/slack"
)

// sandboxPolicy uses every field of a policy file.
//
//go:embed policy.yaml
var sandboxPolicy []byte

// The groups of sandboxPolicy beside the approvers. Carol is a member of both.
const (
	sandboxSecurity = "S0SECURITY"
	sandboxOnCall   = "S0ONCALL"
)

// seedSandbox gives the sandbox the groups and members that its policy names, and
// returns the environment of its bot. It writes the policy to dir unless the operator
// gives one.
func seedSandbox(s *sandbox.Sandbox, policy, dir string) (map[string]string, error) {
	for group, handle := range map[string]string{sandboxSecurity: "security", sandboxOnCall: "oncall"} {
		s.Slack.NameGroup(group, handle)
		s.Slack.SetGroup(group, slack.Carol)
	}
	s.Slack.Join(slack.Carol, slack.Approvals)
	if policy == "" {
		policy = filepath.Join(dir, "policy.yaml")
		if err := os.WriteFile(policy, sandboxPolicy, 0o600); err != nil {
			return nil, fmt.Errorf("writing the sandbox's policy: %w", err)
		}
	}
	environ := s.Environment()
	environ["POLICY_FILE"] = policy
	environ["ATLAS_ORG_NAME"] = "Production"
	if len(s.Atlases) > 1 {
		nameOrganizations(s, environ)
	}
	return environ, nil
}

// nameOrganizations sets the variables of several organizations, which share the
// channel and the policy.
func nameOrganizations(s *sandbox.Sandbox, environ map[string]string) {
	var words []string
	for i, org := range s.Atlases {
		word := []string{"production", "staging"}[min(i, 1)]
		if i > 1 {
			word = fmt.Sprintf("staging%d", i)
		}
		words = append(words, word)
		public, private := org.Credential()
		prefix := "ORG_" + strings.ToUpper(word) + "_ATLAS_"
		environ[prefix+"ORG_ID"], environ[prefix+"PUBLIC_KEY"], environ[prefix+"PRIVATE_KEY"] = org.Snapshot().ID, public, private
	}
	environ["ORGS"] = strings.Join(words, ",")
	for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY", "ATLAS_ORG_NAME"} {
		delete(environ, name)
	}
}
