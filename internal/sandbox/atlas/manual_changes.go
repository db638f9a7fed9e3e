package atlas

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
)

// What people do without the bot: in the Atlas UI, or with a key they hold.

// ErrNoKey means that no live key has that id.
var ErrNoKey = errors.New("no such key")

// uiUser is the actor of manual changes in the Atlas UI.
var uiUser = actor{username: "ui-user@example.com"}

// A KeyInput is a key to be made by hand.
type KeyInput struct {
	Desc       string   `json:"desc"`
	Roles      []string `json:"roles"`       // organization roles
	AccessList []string `json:"access_list"` // addresses and CIDR blocks
}

// A KeyEdit is a change made by hand. A nil field stays as it is.
type KeyEdit struct {
	Desc       *string  `json:"desc"`
	Roles      []string `json:"roles"`       // replaces the organization roles
	AccessList []string `json:"access_list"` // replaces the list; empty but not nil clears it

	// InheritUIList says whether the key takes the organization's list of the UI
	// besides its own. Nothing but an event shows it.
	InheritUIList *bool `json:"inherit_ui_list"`

	// Projects replaces, by the project's id, the roles in the projects named;
	// none means that the key leaves.
	Projects map[string][]string `json:"projects"`
}

// CreatedKey is a new key with its secret.
type CreatedKey struct {
	ID         string `json:"id"`
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
}

// AddKey makes a key that the bot knows nothing of.
func (o *Organization) AddKey(d KeyInput) (made CreatedKey, err error) {
	networks, err := parseNetworks(d.AccessList)
	if err != nil {
		return CreatedKey{}, fmt.Errorf("adding a key: %w", err)
	}
	o.change(func() {
		refused := o.checkRoles(d.Roles, orgRoles, groupRoles, groupRole)
		if refused == nil {
			refused = checkDesc(d.Desc)
		}
		var k *key
		if refused == nil {
			k, refused = o.add(d.Desc, orgScoped(o.id, d.Roles), uiUser)
		}
		if refused != nil {
			err = fmt.Errorf("adding a key: %s: %s", refused.Code, refused.detail())
			return
		}
		for _, n := range networks {
			o.addEntry(k, n, uiUser)
		}
		made = CreatedKey{ID: k.id, PublicKey: k.publicKey, PrivateKey: k.privateKey}
	})
	return made, err
}

// EditKey changes a key behind the bot's back, in all that e says or in nothing.
func (o *Organization) EditKey(id string, e KeyEdit) (err error) {
	networks, err := parseNetworks(e.AccessList)
	if err != nil {
		return fmt.Errorf("editing key %s: %w", id, err)
	}
	o.change(func() {
		k := o.living(id)
		if k == nil {
			err = fmt.Errorf("editing key %s: %w", id, ErrNoKey)
			return
		}
		if refused := o.checkEdit(e); refused != nil {
			err = fmt.Errorf("editing key %s: %s: %s", id, refused.Code, refused.detail())
			return
		}
		o.edit(k, e, networks)
	})
	return err
}

func (o *Organization) checkEdit(e KeyEdit) *refusal {
	if e.Roles != nil {
		if refused := o.checkRoles(e.Roles, orgRoles, groupRoles, groupRole); refused != nil {
			return refused
		}
	}
	for id, roles := range e.Projects {
		if o.project(id) == nil {
			return noSuchGroup.of(id)
		}
		if len(roles) == 0 {
			continue
		}
		if refused := o.checkRoles(roles, groupRoles, orgRoles, orgRole); refused != nil {
			return refused
		}
	}
	return nil
}

func (o *Organization) edit(k *key, e KeyEdit, networks []netip.Prefix) {
	if e.Roles != nil {
		o.setRoles(k, e.Roles, uiUser)
	}
	for _, id := range slices.Sorted(maps.Keys(e.Projects)) {
		if roles := e.Projects[id]; len(roles) > 0 {
			o.assign(k, id, roles, uiUser)
		} else if k.inProject(id) {
			k.leave(id)
			o.happenedIn(id, leftGroup, uiUser, k)
		}
	}
	if e.Desc != nil {
		k.desc = *e.Desc
		o.happened(descChanged, uiUser, k, "")
	}
	if e.AccessList != nil {
		o.replaceList(k, networks)
	}
	if e.InheritUIList != nil {
		what := inheritsNoMore
		if *e.InheritUIList {
			what = inheritsUIList
		}
		o.happened(what, uiUser, k, "")
	}
}

// replaceList leaves entries that stay as they are, usage included.
func (o *Organization) replaceList(k *key, networks []netip.Prefix) {
	for i := len(k.entries) - 1; i >= 0; i-- {
		if !slices.Contains(networks, k.entries[i].network) {
			o.dropEntry(k, i, uiUser)
		}
	}
	for _, n := range networks {
		if _, there := k.entryOf(n); !there {
			o.addEntry(k, n, uiUser)
		}
	}
}

// DeleteKey removes a key in the Atlas UI.
func (o *Organization) DeleteKey(id string) (err error) {
	o.change(func() {
		k := o.living(id)
		if k == nil {
			err = fmt.Errorf("deleting key %s: %w", id, ErrNoKey)
			return
		}
		o.remove(k, uiUser)
	})
	return err
}

// Use calls Atlas with a key from an address, as the person who holds it
// would. It returns the HTTP status and, of a refusal, the errorCode.
func (c *Cloud) Use(publicKey, privateKey, fromIP string) (status int, code string) {
	addr, err := netip.ParseAddr(fromIP)
	if err != nil {
		return http.StatusBadRequest, badAddress.Code
	}
	for _, o := range c.organizations {
		o.change(func() { status, code = o.use(publicKey, privateKey, addr) })
		if status != unauthorized.Status {
			break
		}
	}
	return status, code
}

func (o *Organization) use(publicKey, privateKey string, from netip.Addr) (status int, code string) {
	i := slices.IndexFunc(o.keys, func(k *key) bool {
		return k.alive() && k.publicKey == publicKey && k.privateKey == privateKey
	})
	if i < 0 {
		return unauthorized.Status, unauthorized.Code
	}
	if refused := o.admit(o.keys[i], from); refused != nil {
		return refused.Status, refused.Code
	}
	return http.StatusOK, ""
}

// CreateProject has the holder of a key make a project with it, from an address.
// It returns the project's id, or the status and the errorCode of the refusal.
func (c *Cloud) CreateProject(publicKey, privateKey, fromIP, name string) (id string, status int, code string) {
	status, code = c.Use(publicKey, privateKey, fromIP)
	if status != http.StatusOK {
		return "", status, code
	}
	for _, o := range c.organizations {
		o.change(func() {
			i := slices.IndexFunc(o.keys, func(k *key) bool { return k.alive() && k.publicKey == publicKey })
			if i < 0 {
				return
			}
			p, refused := o.newProject(name, o.keys[i])
			if refused != nil {
				status, code = refused.Status, refused.Code
				return
			}
			id, status = p.id, http.StatusCreated
		})
	}
	return id, status, code
}

// parseNetworks reads what a person typed, which may be an address or a block.
func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, s := range list {
		network, err := netip.ParsePrefix(s)
		if err != nil {
			addr, errAddr := netip.ParseAddr(s)
			if errAddr != nil {
				return nil, fmt.Errorf("reading network %q: %w", s, err)
			}
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		if network = network.Masked(); !slices.Contains(networks, network) {
			networks = append(networks, network)
		}
	}
	return networks, nil
}
