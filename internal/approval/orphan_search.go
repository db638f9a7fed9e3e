package approval

import (
	"fmt"
	"slices"
	"time"
)

// OrphanSearchSchedule says when, after a create call without an answer, Atlas is
// searched for the key that it may have made. One empty result is not conclusive:
// Atlas's list is eventually consistent.
var OrphanSearchSchedule = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute}

// ListLagGrace is how long a request must not have been in motion, and a key be
// missing, before Atlas's list is believed: it lags by minutes.
const ListLagGrace = 3 * time.Minute

// recordUnresolvedCreate records that the present attempt's create call may have
// made a key that was not shown. The call followed the click, which may lie long
// before now if the bot was stopped meanwhile.
func (r *Request) recordUnresolvedCreate(now time.Time) {
	r.UnresolvedCreates = append(r.UnresolvedCreates, UnresolvedCreate{Attempt: r.Attempt, At: r.Issuance.ClickedAt, SearchAt: now.Add(OrphanSearchSchedule[0])})
}

// IsSearchDue reports whether it is time to search for the key of an unresolved
// create call.
func (r Request) IsSearchDue(now time.Time) bool {
	return r.Leftover.IsOpen() && IsPast(r.Leftover.SearchAt, now) ||
		slices.ContainsFunc(r.UnresolvedCreates, func(c UnresolvedCreate) bool { return IsPast(c.SearchAt, now) })
}

// RecordSearch records a search that found and deleted the keys of the given
// attempts. In doubt the last search is repeated.
func (r Request) RecordSearch(deleted []int, inDoubt bool, now time.Time) (Step, error) {
	return r.step(EventOrphanSearch, "", now, fmt.Sprintf("found and removed %d", len(deleted)), func(next *Request) {
		next.resolveCreates(deleted, inDoubt, now)
	})
}

// resolveCreates removes creates whose key was found or whose search schedule is
// exhausted, and plans the next search for the others.
func (r *Request) resolveCreates(deleted []int, inDoubt bool, now time.Time) {
	var open []UnresolvedCreate
	for _, c := range r.UnresolvedCreates {
		if slices.Contains(deleted, c.Attempt) {
			continue
		}
		if IsPast(c.SearchAt, now) {
			if c.Searches++; c.Searches == len(OrphanSearchSchedule) && inDoubt {
				c.Searches--
			}
			c.SearchAt = now.Add(OrphanSearchSchedule[min(c.Searches, len(OrphanSearchSchedule)-1)] - OrphanSearchSchedule[c.Searches-1])
		}
		if c.Searches < len(OrphanSearchSchedule) {
			open = append(open, c)
		}
	}
	r.UnresolvedCreates = open
}

// IsOverdue reports whether people have to be told, and were not yet, that the key
// of the call cannot be searched for.
func (c UnresolvedCreate) IsOverdue(now time.Time) bool {
	return !c.Notified && now.Sub(c.At) >= deletionOverdueAfter
}

// NotifyUnresolved tells owner and approvers that there may be a key that cannot
// be searched for because of f.
func (r Request) NotifyUnresolved(f *CallError, now time.Time) (Step, error) {
	return r.step(EventOrphanSearch, "", now, f.Note(), func(next *Request) {
		for i, c := range next.UnresolvedCreates {
			next.UnresolvedCreates[i].Notified = c.Notified || c.IsOverdue(now)
		}
		next.addMessage(UnresolvedMessage)
		next.addMessage(UnresolvedNotice)
	})
}

// IsLeftover reports whether k, listed before r was read, should not exist. A key
// in motion is the worker's, and one that was just deleted may still be listed.
func (r Request) IsLeftover(k TaggedKey, now time.Time) bool {
	switch {
	case r.State == StateIssuing, r.State == StateRevoking, len(r.UnresolvedCreates) > 0:
		return false
	case r.Leftover.IsOpen() && r.Leftover.Key.ID == k.ID:
		return false
	case r.State.Final():
		return !IsWithin(r.Outcome.At, now, ListLagGrace)
	}
	return k.ID != r.Key.ID && !r.IsAdopted() // adopted keys are reported, no more
}

// RecordLeftover records a key that Atlas lists again after it was deleted, and
// tells people.
func (r Request) RecordLeftover(k Key, now time.Time) (Step, error) {
	return r.step(EventOrphanSearch, "", now, "key "+k.ID+" "+k.PublicKey+" is listed again after its deletion", func(next *Request) {
		next.Leftover = Leftover{Key: k, Since: now, SearchAt: now.Add(Backoff(1))}
		next.addMessage(LeftoverMessage)
		next.addMessage(LeftoverNotice)
	})
}

// CloseLeftover records that Atlas does not know the leftover key any more.
func (r Request) CloseLeftover(now time.Time) (Step, error) {
	return r.step(EventOrphanSearch, "", now, "key "+r.Leftover.Key.ID+" is gone", func(next *Request) {
		next.Leftover.SearchAt = time.Time{}
	})
}
