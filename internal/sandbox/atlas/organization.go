// Package atlas stands in for the MongoDB Atlas Administration API: the API
// keys of an organization, their access lists and projects, and what lies around
// them.
// It is stricter than Atlas: what Atlas might refuse, it refuses, and where
// Atlas promises no order and no exact count, it gives none.
//
// Nothing of it outlives the process.
package atlas

import (
	"cmp"
	"net/netip"
	"slices"
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
	List   time.Duration // the access list of a key is read as it was so long ago
}

// An Organization is one in a [Cloud]. Its methods may be called at any time
// from any goroutine.
type Organization struct {
	*Cloud

	id, name string
	maxKeys  int
	noIPv6   bool

	requireList bool
	lag         Lag
	own         *key   // the bot's credential
	keys        []*key // ever made, the deleted ones too
	projects    []*project
	events      []event // oldest first
	buckets     map[string]*bucket
	subscribers []func()
}

// New returns the only organization of a [Cloud] of its own.
func New(opts Options) *Organization { return NewCloud(1, opts).organizations[0] }

// newOrganization returns one with a few projects and one key, the bot's
// credential: an Organization Owner whose access list holds SeenFrom.
func (c *Cloud) newOrganization(opts Options) *Organization {
	o := &Organization{
		Cloud:       c,
		id:          opts.ID,
		name:        opts.Name,
		maxKeys:     cmp.Or(opts.MaxKeys, DefaultMaxKeys),
		noIPv6:      opts.RefuseIPv6,
		requireList: opts.RequireAccessList,
		lag:         opts.Lag,
		buckets:     map[string]*bucket{},
	}
	for _, name := range defaultProjects() {
		o.addProject(name)
	}
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

// SetSingleUseNonces changes whether a nonce is good for one request only, in
// the whole [Cloud].
func (o *Organization) SetSingleUseNonces(single bool) {
	o.change(func() { o.nonces.single = single })
}

// Subscribe has f called after every change. f must not block.
func (o *Organization) Subscribe(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.subscribers = append(o.subscribers, f)
}

// change runs do alone, in the whole [Cloud], and tells the subscribers.
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
