// Package policyfile reads the rules of one organization from a YAML file that
// its security people can read and review. It decides nothing: a file becomes an
// [approval.Policy], or a list of everything that is wrong with it, with lines.
//
// The reader knows every key and every limit. There are no anchors, no second
// document, and no key that is skipped because nobody knows it.
package policyfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

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

// Parse reads text over base, the policy as the environment has it: what the
// file says goes, and what it leaves out stays. The error joins a *[Problem] for
// each thing that is wrong, in the order of lines; file is how they name it.
func Parse(file string, text []byte, base policy.Policy) (policy.Policy, error) {
	r := &reader{file: file, policy: base, roleAt: map[policy.Role]*yaml.Node{}}
	if root := r.document(text); root != nil {
		r.read(root)
	}
	return r.policy, r.err()
}

// A reader is a file being read.
type reader struct {
	file     string
	policy   policy.Policy // as far as it was read
	problems []*Problem
	roleAt   map[policy.Role]*yaml.Node // where a role has approvals of its own
}

// read goes through the file in an order in which what is needed to check
// something was read before it.
func (r *reader) read(root *yaml.Node) {
	m := r.mapping(root, "the file",
		"approvals", "never_approve", "self_approval", "roles", "projects", "lifetimes", "networks", "auto_approve",
		"pending", "collect_within", "confirm_within", "remind_before_end", "rotate_overlap", "break_glass", "limits")
	p := &r.policy
	p.ExcludedApprovers = r.people(m["never_approve"], "never_approve", p.ExcludedApprovers)
	p.AllowSelfApproval = r.boolean(m["self_approval"], "self_approval", p.AllowSelfApproval)
	p.IssueWithin = r.duration(m["collect_within"], "collect_within", p.IssueWithin)
	p.ConfirmWithin = r.duration(m["confirm_within"], "confirm_within", p.ConfirmWithin)
	p.RotationGracePeriod = r.duration(m["rotate_overlap"], "rotate_overlap", p.RotationGracePeriod)
	p.RemindBefore = r.reminders(m["remind_before_end"], "remind_before_end", p.RemindBefore)
	slices.SortFunc(p.RemindBefore, func(a, b durationOf) int { return cmp.Compare(b, a) }) // longest first
	r.lifetimes(m)
	r.networks(m["networks"])
	r.approvals(m)
	r.roles(m["roles"])
	r.projects(m["projects"])
	r.autoApprove(m["auto_approve"])
	r.pending(m["pending"])
	r.breakGlass(m["break_glass"])
	r.limits(m["limits"])
	r.satisfiable(m)
}

// lifetimes reads the choices, and holds them against the time to confirm.
func (r *reader) lifetimes(m map[string]*yaml.Node) {
	p := &r.policy
	if n := m["lifetimes"]; n != nil {
		p.Lifetimes = r.durations(n, "lifetimes", minLifetime, maxChoices)
		slices.Sort(p.Lifetimes)
	}
	at := cmp.Or(m["lifetimes"], m["confirm_within"])
	for _, l := range p.Lifetimes {
		r.problemIf(at, at != nil && l < p.ConfirmWithin, "a lifetime is %s, which is shorter than confirm_within (%s)", FormatDuration(l), FormatDuration(p.ConfirmWithin))
	}
}

// approvals reads what every request takes. Somebody has to approve.
func (r *reader) approvals(m map[string]*yaml.Node) {
	if n := m["approvals"]; n != nil {
		r.policy.Requirements = r.needs(n, "approvals")
		return
	}
	if len(r.policy.Requirements) == 0 {
		r.add(1, "nobody approves: there are no approvals here, and SLACK_APPROVERS is not set")
	}
}
