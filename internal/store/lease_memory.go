package store

import (
	"sync"
	"time"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
)

// leases are the leases of one kind: until when each request is leased, in Unix
// milliseconds. They are in memory, because a SQLite file belongs to one process, and
// end with it. A database of several processes needs columns for them, which its
// claims and releases write.
type leases struct {
	mu   sync.Mutex
	ends map[policy.ID]int64
}

// take leases a request, unless it is leased at now. A lease that lasts longer than
// any was taken before the clock went back, and is over.
func (l *leases) take(id policy.ID, now, until int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end := l.ends[id]; end > now && end <= now+int64(approval.MaxWait/time.Millisecond) {
		return false
	}
	if l.ends == nil {
		l.ends = map[policy.ID]int64{}
	}
	l.ends[id] = until
	return true
}

// until is when the lease of a request ends; 0 if it has none.
func (l *leases) until(id policy.ID) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ends[id]
}

func (l *leases) drop(id policy.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ends, id)
}
