package approvaltest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/secret"
)

// Messenger is a Slack in memory: it keeps what people see. The zero value is
// empty and ready.
type Messenger struct {
	Script

	held     sync.Mutex // guards what follows
	posted   []Message
	revealed []Revealed
	refuse   func(approval.Request, approval.MessageName) error
}

// A Message is one that people see.
type Message struct {
	Name    approval.MessageName
	Request approval.Request // as it was last synced
	At      approval.MessageRef
	Synced  int // how often
}

// Revealed is a private key that was shown, once.
type Revealed struct {
	Request    policy.ID
	To         policy.UserID
	Key        approval.Key
	PrivateKey secret.Secret
}

var _ approval.Messenger = (*Messenger)(nil)

// SyncMessage implements [approval.Messenger]. A request that has no place for the
// message gets a new one, also if an earlier answer was lost: then there are
// two, as there would be in Slack. Every version looks different, and so does a message
// once the card is posted; what looks as it should takes no call.
func (s *Messenger) SyncMessage(ctx context.Context, r approval.Request, name approval.MessageName) (approval.MessageRef, error) {
	s.held.Lock()
	refuse := s.refuse
	s.held.Unlock()
	if refuse != nil {
		if err := refuse(deepCopy(r), name); err != nil {
			return approval.MessageRef{}, err
		}
	}
	var at approval.MessageRef
	if known := r.MessageRefs[name]; known.TS != "" && known.Digest == digest(r, name) {
		return known, nil
	}
	err := s.call(ctx, CallSyncMessage, func() { at = s.post(deepCopy(r), name) })
	if err != nil {
		return approval.MessageRef{}, err
	}
	return at, nil
}

// Refuse has every sync fail from now on for which why returns an error; nil
// ends that.
func (s *Messenger) Refuse(why func(approval.Request, approval.MessageName) error) {
	s.held.Lock()
	defer s.held.Unlock()
	s.refuse = why
}

func (s *Messenger) post(r approval.Request, name approval.MessageName) approval.MessageRef {
	known := r.MessageRefs[name]
	i := slices.IndexFunc(s.posted, func(m Message) bool { return m.At.TS == known.TS && m.At.Channel == known.Channel })
	if i < 0 {
		i = len(s.posted)
		s.posted = append(s.posted, Message{Name: name, At: approval.MessageRef{
			Channel: channel(r, name),
			TS:      fmt.Sprintf("1772442000.%06d", i+1),
		}})
	}
	m := &s.posted[i]
	m.Request = r
	m.Synced++
	m.At.Digest = digest(r, name)
	return m.At
}

func digest(r approval.Request, name approval.MessageName) string {
	if name == approval.CardMessage {
		return fmt.Sprintf("%s@%d", name, r.Version)
	}
	return fmt.Sprintf("%s@%d beside %s", name, r.Version, r.MessageRefs[approval.CardMessage].TS)
}

func channel(r approval.Request, name approval.MessageName) string {
	if name.ToApprovers() {
		return "C-approvers"
	}
	return "D-" + string(r.Requester)
}

// RevealKey implements [approval.Messenger].
func (s *Messenger) RevealKey(ctx context.Context, r approval.Request, c approval.Credential) error {
	return s.call(ctx, CallRevealKey, func() {
		s.revealed = append(s.revealed, Revealed{Request: r.ID, To: r.Requester, Key: c.Key, PrivateKey: c.PrivateKey})
	})
}

// Messages lists what people see of a request, oldest first.
func (s *Messenger) Messages(id policy.ID) []Message {
	s.held.Lock()
	defer s.held.Unlock()
	var seen []Message
	for _, m := range s.posted {
		if m.Request.ID == id {
			m.Request = deepCopy(m.Request)
			seen = append(seen, m)
		}
	}
	return seen
}

// Revealed lists the private keys that were shown, oldest first.
func (s *Messenger) Revealed() []Revealed {
	s.held.Lock()
	defer s.held.Unlock()
	return slices.Clone(s.revealed)
}

// call does nothing after ctx has ended. happen runs under the lock.
func (s *Messenger) call(ctx context.Context, name Call, happen func()) error {
	if err := ctx.Err(); err != nil {
		return &approval.CallError{Class: approval.Transient, Err: err}
	}
	return s.do(name, func() {
		s.held.Lock()
		defer s.held.Unlock()
		happen()
	})
}
