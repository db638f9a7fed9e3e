package atlas

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Role is held in the organization or in one project.
type Role struct {
	GroupID string `json:"groupId,omitempty"`
	OrgID   string `json:"orgId,omitempty"`
	Name    string `json:"roleName"`
}

// key is one API key of the organization.
type key struct {
	id, publicKey, privateKey string
	desc                      string
	roles                     []Role
	entries                   []*entry
	former                    []*entry // deleted; lagging reads show them
	created                   time.Time
	deleted                   time.Time // zero while it lives
}

// entry is one line of a key's access list.
type entry struct {
	network  netip.Prefix
	created  time.Time
	deleted  time.Time // zero while it is on the list
	count    int
	lastUsed time.Time
	lastFrom netip.Addr
}

// newKey makes a key without adding it.
func (o *Organization) newKey(desc string, roles []Role) *key {
	return &key{
		id: o.newID(), publicKey: o.newPublicKey(), privateKey: o.newPrivateKey(),
		desc: desc, roles: roles, created: o.now(),
	}
}

func (k *key) alive() bool { return k.deleted.IsZero() }

// masked is the private key as every answer but the first shows it: 31
// characters, one group shorter than the key.
func (k *key) masked() string {
	return "********-****-****-" + k.privateKey[len(k.privateKey)-12:]
}

func (k *key) hasAny(group string, names ...string) bool {
	return slices.ContainsFunc(k.roles, func(r Role) bool {
		return r.GroupID == group && slices.Contains(names, r.Name)
	})
}

func (k *key) inProject(group string) bool {
	return slices.ContainsFunc(k.roles, func(r Role) bool { return r.GroupID == group })
}

func (k *key) entryOf(network netip.Prefix) (int, bool) {
	i := slices.IndexFunc(k.entries, func(e *entry) bool { return e.network == network })
	return i, i >= 0
}

// entryFor is the narrowest entry that lets addr in, or nil.
func (k *key) entryFor(addr netip.Addr) *entry {
	var best *entry
	for _, e := range k.entries {
		if e.network.Contains(addr) && (best == nil || e.network.Bits() > best.network.Bits()) {
			best = e
		}
	}
	return best
}

// single reports whether an entry is one address.
func (e *entry) single() bool { return e.network.IsSingleIP() }

// living returns the live key with that id: what a write sees.
func (o *Organization) living(id string) *key {
	for _, k := range o.keys {
		if k.id == id && k.alive() {
			return k
		}
	}
	return nil
}

// shown reports whether a read shows k: reads are behind by the lag.
func (o *Organization) shown(k *key) bool {
	now := o.now()
	if k != o.own && now.Before(k.created.Add(o.lag.Create)) {
		return false
	}
	return k.alive() || now.Before(k.deleted.Add(o.lag.Delete))
}

// visible returns the keys a read shows, by public key, as Atlas lists them.
func (o *Organization) visible() []*key {
	var keys []*key
	for _, k := range o.keys {
		if o.shown(k) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b *key) int { return strings.Compare(a.publicKey, b.publicKey) })
	return keys
}

func (o *Organization) countLiving() int {
	n := 0
	for _, k := range o.keys {
		if k.alive() {
			n++
		}
	}
	return n
}
