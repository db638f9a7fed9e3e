// Package policyfile reads the policy of one organization from a YAML file that
// its security team can read and review. It decides nothing: a file becomes a
// [policy.Policy], or a list of everything that is wrong with it, with line
// numbers.
//
// The reader knows every key and every limit. It refuses anchors, a second
// document and unknown keys, so that every line of a file that is accepted has
// an effect.
package policyfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/approval/policy"
)

// maxSize bounds a file, in bytes. A thousand rules are far below.
const maxSize = 1 << 20

// Read reads a file over base; see [Parse].
func Read(file string, base policy.Policy) (policy.Policy, error) {
	text, err := readFile(file)
	if err != nil {
		return base, &Problem{File: file, Message: err.Error()}
	}
	return Parse(file, text, base)
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file")
	case err != nil:
		return nil, errors.New("this user may not read it")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read")
	case len(text) > maxSize:
		return nil, fmt.Errorf("it is larger than %d bytes", maxSize)
	}
	return text, nil
}

// Parse reads text over base: keys in the file override base, and keys left out
// keep it. The error joins a
// *[Problem] for each mistake, in the order of lines. Problems refer to the file
// by the name in file.
func Parse(file string, text []byte, base policy.Policy) (policy.Policy, error) {
	r := &reader{file: file, policy: base, requirementsAt: map[policy.Role]*yaml.Node{}}
	if root := r.document(text); root != nil {
		r.read(root)
	}
	return r.policy, r.err()
}

// fileKeys are the keys of the file, in the order in which messages list them.
var fileKeys = []string{
	"required_approvals", "excluded_approvers", "allow_self_approval", "roles", "project_roles", "lifetimes",
	"networks", "network_presets", "auto_approvals", "notify", "pending", "issue_within", "confirm_within",
	"remind_before_expiry", "rotation_grace_period", "break_glass", "limits",
	"ticket",
}

// A reader holds the state of reading one file.
type reader struct {
	file     string
	policy   policy.Policy // as far as it has been read
	problems []*Problem

	// requirementsAt has the nodes of roles with required approvals of their own.
	requirementsAt map[policy.Role]*yaml.Node
}

// read reads the keys in such an order that whatever a check needs has been read
// before it.
func (r *reader) read(root *yaml.Node) {
	m := r.mapping(root, "the file", fileKeys...)
	p := &r.policy
	p.ExcludedApprovers = r.principals(m["excluded_approvers"], "excluded_approvers", p.ExcludedApprovers)
	p.AllowSelfApproval = r.boolean(m["allow_self_approval"], "allow_self_approval", p.AllowSelfApproval)
	p.Notify = r.notify(m["notify"], p.Notify)
	p.IssueWithin = r.duration(m["issue_within"], "issue_within", p.IssueWithin)
	p.ConfirmWithin = r.duration(m["confirm_within"], "confirm_within", p.ConfirmWithin)
	p.RotationGracePeriod = r.duration(m["rotation_grace_period"], "rotation_grace_period", p.RotationGracePeriod)
	p.RemindBeforeExpiry = r.reminders(m["remind_before_expiry"], "remind_before_expiry", p.RemindBeforeExpiry)
	slices.SortFunc(p.RemindBeforeExpiry, func(a, b time.Duration) int { return cmp.Compare(b, a) }) // longest first
	r.lifetimes(m)
	r.networks(m["networks"])
	r.networkPresets(m["network_presets"])
	r.requiredApprovals(m)
	r.roles(m["roles"])
	r.projectRoles(m["project_roles"])
	r.autoApprovals(m["auto_approvals"])
	r.pending(m["pending"])
	r.breakGlass(m["break_glass"])
	r.limits(m["limits"])
	r.detail(m["ticket"], policy.FieldTicket)
	r.checkSatisfiable(m)
}

// lifetimes reads the lifetimes that requesters choose from. None may be shorter
// than the time to confirm the key.
func (r *reader) lifetimes(m map[string]*yaml.Node) {
	p := &r.policy
	if n := m["lifetimes"]; n != nil {
		p.Lifetimes = r.durations(n, "lifetimes", minLifetime, maxOptions)
		slices.Sort(p.Lifetimes)
	}
	at := cmp.Or(m["lifetimes"], m["confirm_within"])
	for _, l := range p.Lifetimes {
		r.problemIf(at, at != nil && l < p.ConfirmWithin, "a lifetime is %s, which is shorter than confirm_within (%s)", FormatDuration(l), FormatDuration(p.ConfirmWithin))
	}
}

// requiredApprovals reads the approvals that every request needs. There has to be
// one at least, in the file or in base.
func (r *reader) requiredApprovals(m map[string]*yaml.Node) {
	if n := m["required_approvals"]; n != nil {
		r.policy.Requirements = r.requirements(n, "required_approvals")
		return
	}
	if len(r.policy.Requirements) == 0 {
		r.add(1, "there are no approvers: required_approvals is missing, and SLACK_APPROVERS is not set")
	}
}
