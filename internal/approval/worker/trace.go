package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// Everyone who may rename a key in Atlas can give it the tag of a request. So the
// bot deletes a tagged key only if, by the audit trail, it can have created it: the
// request started that attempt, and either recorded this very key, or recorded none
// and started at about the time at which Atlas created the key. The approvers are
// told of all others.

// ownIDTries bounds the search for an id for a foreign key.
const ownIDTries = 8

// clocksApart is how much the bot's clock and Atlas's may differ.
const clocksApart = 25 * time.Hour

// A trace is what the audit trail says about one attempt.
type trace struct {
	startedAt []time.Time
	keyIDs    []string // of the keys that were created; none if Atlas's answer is lost or not there yet
}

// couldHaveCreated reports whether the bot can have created k, which carries r's
// tag, for r.
func couldHaveCreated(r approval.Request, k approval.TaggedKey, attempts map[int]trace) bool {
	if k.ID == r.Key.ID || k.ID == r.Leftover.Key.ID {
		return true
	}
	t := attempts[k.Attempt]
	if len(t.keyIDs) > 0 {
		return slices.Contains(t.keyIDs, k.ID)
	}
	return slices.ContainsFunc(t.startedAt, func(at time.Time) bool {
		return k.MadeAt.IsZero() || k.MadeAt.Sub(at).Abs() < clocksApart
	})
}

// tracesOf reads what the audit trail says about the attempts of some requests.
func (w *Worker) tracesOf(ctx context.Context, ids map[policy.ID]bool) (map[policy.ID]map[int]trace, error) {
	traces, last := map[policy.ID]map[int]trace{}, map[policy.ID]int{}
	err := w.Store.Audit(ctx, func(e approval.AuditEntry) error {
		if !ids[e.Request] || e.Event != approval.EventCreateStarted && e.Event != approval.EventKeyCreated {
			return nil
		}
		if traces[e.Request] == nil {
			traces[e.Request] = map[int]trace{}
		}
		if e.Event == approval.EventCreateStarted {
			last[e.Request] = e.Attempt()
		}
		n := last[e.Request]
		t := traces[e.Request][n]
		if e.Event == approval.EventCreateStarted {
			t.startedAt = append(t.startedAt, e.At)
		} else {
			t.keyIDs = append(t.keyIDs, e.KeyID)
		}
		traces[e.Request][n] = t
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading which keys were created: %w", err)
	}
	return traces, nil
}

// createdFor returns those of found, which carry r's tag, that the bot can have
// created.
func (w *Worker) createdFor(ctx context.Context, r approval.Request, found []approval.TaggedKey) ([]approval.TaggedKey, error) {
	isForeign := func(k approval.TaggedKey) bool { return !couldHaveCreated(r, k, nil) }
	if !slices.ContainsFunc(found, isForeign) {
		return found, nil
	}
	traces, err := w.tracesOf(ctx, map[policy.ID]bool{r.ID: true})
	if err != nil {
		return nil, err
	}
	isForeign = func(k approval.TaggedKey) bool { return !couldHaveCreated(r, k, traces[r.ID]) }
	return slices.DeleteFunc(found, isForeign), nil
}

// A claim is a key that carries the tag of a request.
type claim struct {
	request  approval.Request
	key      approval.TaggedKey
	otherOrg bool // the key is in another organization than the request
}

// evaluateClaims returns the claims whose keys are leftovers, to be deleted, and the
// foreign keys. Those get the id of a request of their own, so that the approvers
// are told of them as of keys of unknown requests.
func (w *Worker) evaluateClaims(ctx context.Context, claims []claim) (leftovers []claim, foreign []approval.TaggedKey, err error) {
	if len(claims) == 0 {
		return nil, nil, nil
	}
	ids := map[policy.ID]bool{}
	for _, c := range claims {
		ids[c.request.ID] = true
	}
	traces, err := w.tracesOf(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range claims {
		if !c.otherOrg && couldHaveCreated(c.request, c.key, traces[c.request.ID]) {
			leftovers = append(leftovers, c)
			continue
		}
		own, err := w.ownOf(ctx, c.key)
		switch {
		case err != nil:
			return nil, nil, err
		case own.State == "":
			c.key.Claimed, c.key.Request = c.request.ID, own.ID
			foreign = append(foreign, c.key)
		case own.Outcome.Cause == approval.CauseRevoked && own.IsLeftover(c.key, w.Now()):
			leftovers = append(leftovers, claim{request: own, key: c.key}) // it was revoked, and is listed again
		}
	}
	return leftovers, foreign, nil
}

// ownOf returns the request that a foreign key got when it was adopted, or one with
// nothing but the id that it will get, which is always the same.
func (w *Worker) ownOf(ctx context.Context, k approval.TaggedKey) (approval.Request, error) {
	for n := range ownIDTries {
		id := idFor(k.ID, n)
		r, err := w.Store.Get(ctx, id)
		switch {
		case errors.Is(err, approval.ErrNotFound):
			return approval.Request{ID: id}, nil
		case err != nil:
			return approval.Request{}, fmt.Errorf("reading request %s: %w", id, err)
		case r.Key.ID == k.ID:
			return r, nil
		}
	}
	return approval.Request{}, fmt.Errorf("finding an id for key %s: %w", k.ID, approval.ErrIDTaken)
}

// idFor derives an ID from the id of a key, the nth of several.
func idFor(keyID string, n int) policy.ID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", keyID, n))
	return approval.NewIDFrom([5]byte(sum[:5]))
}
