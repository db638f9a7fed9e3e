package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/plaintext"
)

// FuzzForm: whatever is filled in is refused with something to say, or is within
// the policy and can be shown, stored and put into a key's description.
func FuzzForm(f *testing.F) {
	f.Add("billing export", "ORG_READ_ONLY", "203.0.113.7", int64(8*time.Hour), "invoices")
	f.Add(" \u00a0", "", "", int64(0), "\n")
	f.Add("a\x00b", "ORG_OWNER\nORG_MEMBER", "0.0.0.0/0", int64(-1), "\u202eno")
	f.Add("\xff", "ORG_MEMBER\nORG_MEMBER", "::ffff:1.2.3.4/128 1.2.3.4", int64(24*time.Hour), strings.Repeat("é", policy.MaxReason))
	p := testPolicy()
	f.Fuzz(func(t *testing.T, description, roles, networks string, lifetime int64, reason string) {
		form := policy.Form{Description: description, Networks: networks, Lifetime: time.Duration(lifetime), Reason: reason}
		for r := range strings.SplitSeq(roles, "\n") {
			form.Roles = append(form.Roles, policy.Role(r))
		}
		access, err := p.Check(form)
		if err != nil {
			mistakes, ok := errors.AsType[*policy.FormError](err)
			if !ok || len(mistakes.Problems) == 0 {
				t.Fatalf("refused without a word: %v", err)
			}
			return
		}
		withinPolicy(t, p, access)
		readable(t, access.Description, policy.MaxDescription)
		readable(t, plaintext.Lines(reason), policy.MaxReason)
		if strings.ContainsAny(access.Description, "\r\n") {
			t.Fatalf("a description of two lines: %q", access.Description)
		}
	})
}

func withinPolicy(t *testing.T, p policy.Policy, a policy.Access) {
	t.Helper()
	if len(a.Roles) == 0 || slices.ContainsFunc(a.Roles, func(r policy.Role) bool {
		return !slices.ContainsFunc(p.Roles, func(rule policy.RoleRule) bool { return rule.Role == r })
	}) {
		t.Fatalf("roles %v", a.Roles)
	}
	if !slices.Contains(p.Lifetimes, a.Lifetime) {
		t.Fatalf("lifetime %v", a.Lifetime)
	}
	if len(a.Networks) == 0 || len(a.Networks) > p.MaxEntries {
		t.Fatalf("%d networks", len(a.Networks))
	}
	for _, n := range a.Networks {
		tooWide := n.Addr().Is4() && n.Bits() < p.MinPrefixIPv4 || n.Addr().Is6() && n.Bits() < p.MinPrefixIPv6
		if tooWide || n.Addr().IsPrivate() || n.Addr().IsLoopback() || n.Addr().IsUnspecified() {
			t.Fatalf("network %v", n)
		}
	}
}

func readable(t *testing.T, s string, limit int) {
	t.Helper()
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit || strings.ContainsAny(s, "\x00\x1b\u202e") {
		t.Fatalf("kept %q", s)
	}
}
