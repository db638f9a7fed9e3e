// Package atlas stands in for the MongoDB Atlas Administration API of one
// organization: its API keys, their access lists, and what lies around them.
// It is stricter than Atlas: what Atlas might refuse, it refuses, and where
// Atlas promises no order and no exact count, it gives none.
//
// Nothing of it outlives the process.
package atlas

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Defaults of Options.
const (
	DefaultID       = "65a1b2c3d4e5f60718293a4b"
	DefaultName     = "Sandbox Org"
	DefaultMaxKeys  = 500
	DefaultSeenFrom = "198.51.100.7"
)

// Options shape an Organization. The zero value of each field is usable.
type Options struct {
	Now  func() time.Time // default time.Now
	ID   string           // 24 lower-case hexadecimal digits; default DefaultID
	Name string           // default DefaultName
	Seed uint64           // of everything random

	// RequireAccessList is the setting of that name: without a list a key is
	// then good for nothing. Otherwise it works from everywhere.
	RequireAccessList bool

	// SingleUseNonces makes every Digest nonce good for one request.
	SingleUseNonces bool

	// RefuseIPv6 answers IPV6_UNSUPPORTED to IPv6 entries.
	RefuseIPv6 bool

	Lag     Lag
	MaxKeys int // per organization, the bot's own included; default DefaultMaxKeys

	// SeenFrom is the address that every HTTP caller seems to come from, as a
	// real Atlas would never see a loopback address; default DefaultSeenFrom.
	SeenFrom string
}

// Lag is how far reads are behind writes. Writes always see the truth.
type Lag struct {
	Create time.Duration // a new key is missing from reads for so long
	Delete time.Duration // a deleted key stays in reads for so long
}

// An Organization is the emulated Atlas. Its methods may be called at any time
// from any goroutine.
type Organization struct {
	id, name string
	now      func() time.Time
	maxKeys  int
	noIPv6   bool
	seenFrom netip.Addr

	mu          sync.Mutex
	requireList bool
	lag         Lag
	rand        *rand.Rand
	counter     uint32
	own         *key   // the bot's credential
	keys        []*key // ever made, the deleted ones too
	projects    []project
	events      []event // oldest first
	nonces      nonces
	buckets     map[string]*bucket
	subscribers []func()
}

// New returns an organization with one project and one key, the bot's
// credential: an Organization Owner whose access list holds SeenFrom.
func New(opts Options) *Organization {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	o := &Organization{
		id:          cmp.Or(opts.ID, DefaultID),
		name:        cmp.Or(opts.Name, DefaultName),
		now:         func() time.Time { return opts.Now().UTC() },
		maxKeys:     cmp.Or(opts.MaxKeys, DefaultMaxKeys),
		noIPv6:      opts.RefuseIPv6,
		seenFrom:    netip.MustParseAddr(cmp.Or(opts.SeenFrom, DefaultSeenFrom)),
		requireList: opts.RequireAccessList,
		lag:         opts.Lag,
		rand:        rand.New(rand.NewPCG(opts.Seed, 1)),
		nonces:      nonces{single: opts.SingleUseNonces},
		buckets:     map[string]*bucket{},
	}
	o.projects = []project{{id: o.newID(), name: "Sandbox Project", created: o.now()}}
	o.own = o.newKey("atlas-key-bot", []Role{{OrgID: o.id, Name: "ORG_OWNER"}})
	o.own.entries = []*entry{{network: netip.PrefixFrom(o.seenFrom, o.seenFrom.BitLen()), created: o.now()}}
	o.keys = []*key{o.own}
	return o
}

// SetRequireAccessList changes the organization's setting.
func (o *Organization) SetRequireAccessList(required bool) {
	o.change(func() { o.requireList = required })
}

// SetLag changes how far reads are behind writes, from now on.
func (o *Organization) SetLag(lag Lag) { o.change(func() { o.lag = lag }) }

// SetSingleUseNonces changes whether a nonce is good for one request only.
func (o *Organization) SetSingleUseNonces(single bool) {
	o.change(func() { o.nonces.single = single })
}

// Subscribe has f called after every change. f must not block.
func (o *Organization) Subscribe(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.subscribers = append(o.subscribers, f)
}

// change runs do alone and tells the subscribers.
func (o *Organization) change(do func()) {
	o.mu.Lock()
	do()
	o.mu.Unlock()
	o.tell()
}

func (o *Organization) tell() {
	o.mu.Lock()
	subscribers := slices.Clone(o.subscribers)
	o.mu.Unlock()
	for _, f := range subscribers {
		f()
	}
}

// newID makes an id as MongoDB does: seconds, a machine, a counter.
func (o *Organization) newID() string {
	o.counter++
	return fmt.Sprintf("%08x%s%06x", o.now().Unix(), "a7c1eba59b", 0x2c88fa+o.counter)
}

// newPublicKey makes eight lower-case letters that no other key has.
func (o *Organization) newPublicKey() string {
	for {
		letters := make([]byte, 8)
		for i := range letters {
			letters[i] = byte('a' + o.rand.IntN(26))
		}
		taken := slices.ContainsFunc(o.keys, func(k *key) bool { return k.publicKey == string(letters) })
		if !taken {
			return string(letters)
		}
	}
}

// newPrivateKey makes a random UUID.
func (o *Organization) newPrivateKey() string {
	b := o.randomBytes(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func (o *Organization) randomBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(o.rand.Uint32())
	}
	return b
}
