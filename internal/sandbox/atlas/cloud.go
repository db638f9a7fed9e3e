package atlas

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Cloud is Atlas: organizations that know nothing of one another. They share
// what a caller meets before Atlas knows whose it is, and that no two ids and
// no two public keys are the same.
type Cloud struct {
	now      func() time.Time
	seenFrom netip.Addr

	mu            sync.Mutex // guards what follows, and what the organizations hold
	rand          *rand.Rand
	counter       uint32
	nonces        nonces
	organizations []*Organization
}

// NewCloud returns an Atlas with n organizations, at least one, all of them as
// opts say. But for the first, each has the name with its number behind it, and
// an id that is one higher than that of the one before.
func NewCloud(n int, opts Options) *Cloud {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	c := &Cloud{
		now:      func() time.Time { return opts.Now().UTC() },
		seenFrom: netip.MustParseAddr(cmp.Or(opts.SeenFrom, DefaultSeenFrom)),
		rand:     rand.New(rand.NewPCG(opts.Seed, 1)),
		nonces:   nonces{single: opts.SingleUseNonces},
	}
	opts.ID, opts.Name = cmp.Or(opts.ID, DefaultID), cmp.Or(opts.Name, DefaultName)
	name := opts.Name
	for i := range max(n, 1) {
		if i > 0 {
			opts.ID, opts.Name = nextID(opts.ID), name+" "+strconv.Itoa(i+1)
		}
		c.organizations = append(c.organizations, c.newOrganization(opts))
	}
	return c
}

// nextID is one higher than id, within its last two digits.
func nextID(id string) string {
	last, err := strconv.ParseUint(id[len(id)-2:], 16, 8)
	if err != nil {
		panic(fmt.Sprintf("organization id %q is not hexadecimal", id))
	}
	return fmt.Sprintf("%s%02x", id[:len(id)-2], byte(last+1))
}

// Organizations returns all of them, in the order they were made in.
func (c *Cloud) Organizations() []*Organization { return slices.Clone(c.organizations) }

// organization returns the one with that id, or nil.
func (c *Cloud) organization(id string) *Organization {
	for _, o := range c.organizations {
		if o.id == id {
			return o
		}
	}
	return nil
}

// hasProject reports whether any organization has a project of that id.
func (c *Cloud) hasProject(id string) bool {
	return slices.ContainsFunc(c.organizations, func(o *Organization) bool { return o.project(id) != nil })
}

// newID makes an id as MongoDB does: seconds, a machine, a counter.
func (c *Cloud) newID() string {
	c.counter++
	return fmt.Sprintf("%08x%s%06x", c.now().Unix(), "a7c1eba59b", 0x2c88fa+c.counter)
}

// newPublicKey makes eight lower-case letters that no other key has.
func (c *Cloud) newPublicKey() string {
	for {
		letters := make([]byte, 8)
		for i := range letters {
			letters[i] = byte('a' + c.rand.IntN(26))
		}
		if !c.isTaken(string(letters)) {
			return string(letters)
		}
	}
}

func (c *Cloud) isTaken(publicKey string) bool {
	return slices.ContainsFunc(c.organizations, func(o *Organization) bool {
		return slices.ContainsFunc(o.keys, func(k *key) bool { return k.publicKey == publicKey })
	})
}

// newPrivateKey makes a random UUID.
func (c *Cloud) newPrivateKey() string {
	b := c.randomBytes(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func (c *Cloud) randomBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(c.rand.Uint32())
	}
	return b
}
