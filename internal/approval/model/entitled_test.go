package model_test

import (
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// A root is how the access of a key began: with the first key of its rotations.
type root struct {
	isGlass bool // taken by break-glass
	began   time.Time
}

// rootOf needs tr.mu.
func (tr *run) rootOf(r approval.Request) root {
	for r.Type == approval.Rotation {
		r = tr.rows[r.ParentID]
	}
	return root{isGlass: tr.broke[r.ID] != "", began: tr.began[r.ID]}
}

func (tr *run) root(r approval.Request) root {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.rootOf(r)
}

// approvesAccess reports whether a person's approval is one that access takes.
func (h *spec) approvesAccess(u policy.UserID, of policy.OrgID, a policy.Access) bool {
	return slices.ContainsFunc(slots(of, a), func(s seat) bool { return h.fits(u, s, false) })
}

// approvesAlone reports whether a person's approval is all that access takes.
func (h *spec) approvesAlone(u policy.UserID, of policy.OrgID, a policy.Access) bool {
	all := slots(of, a)
	return len(all) == 1 && h.fits(u, all[0], false)
}

// whyNotHave says why a user is not entitled to the access until then, or nil.
func (h *spec) whyNotHave(u policy.UserID, r approval.Request, from root, until time.Time) error {
	life := until.Sub(from.began)
	switch {
	case from.isGlass && h.isOf(onCall, u) && life <= glassLife:
		return nil
	case !slices.Contains(r.Access.Roles, owners):
		return nil
	case !h.isOf(platform, u):
		return policy.ErrRoleNotTheirs
	case life > shortLife:
		return policy.ErrOutlivesRole
	}
	return nil
}

// whyNotMore says why the owner of a key gets no more time, or nil.
func (h *spec) whyNotMore(r approval.Request, from root) error {
	if from.isGlass {
		return policy.ErrBreakGlassEnds
	}
	return h.whyNotHave(r.Requester, r, from, r.KeyExpiresAt.Add(shortLife))
}

// isForOwner reports whether a key's access was approved with its owner in view.
// It needs tr.mu.
func (tr *run) isForOwner(r approval.Request) bool {
	if len(r.Transfers) == 0 {
		return true
	}
	return tr.alone[r.ID] && tr.spec.approvesAlone(r.Transfers[len(r.Transfers)-1].By, r.Org, r.Access)
}

// hadIt reports whether a person has or had a key. It needs tr.mu.
func (tr *run) hadIt(u policy.UserID, r approval.Request) bool {
	return u == tr.broke[r.ID] || u == r.Requester || slices.Contains(tr.owners[r.ID], u)
}

func (tr *run) owned(u policy.UserID, r approval.Request) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.hadIt(u, r)
}
