package atlas

import (
	"net/netip"
	"slices"
)

// The four operations on the access list of a key.

func (o *Organization) listEntries(c *call) (any, *refusal) {
	k, refused := o.read(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	return o.entryPage(c, k, o.listed(k)), nil
}

// addEntries adds all of the body's entries or none, and returns a page of the
// resulting list: the first 100 entries, unless the caller asks for more.
func (o *Organization) addEntries(c *call) (any, *refusal) {
	networks, refused := o.networks(c.body)
	if refused != nil {
		return nil, refused
	}
	k, refused := o.write(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	for _, n := range networks {
		if _, there := k.entryOf(n); there {
			return nil, onListAlready.of(nameOf(n))
		}
	}
	for _, n := range networks {
		o.addEntry(k, n, c.caller)
	}
	return o.entryPage(c, k, k.entries), nil
}

func (o *Organization) getEntry(c *call) (any, *refusal) {
	k, refused := o.read(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	i, refused := k.find(c.path["entry"])
	if refused != nil {
		return nil, refused
	}
	return o.showEntry(k, k.entries[i]), nil
}

func (o *Organization) deleteEntry(c *call) (any, *refusal) {
	k, refused := o.write(c.path["id"])
	if refused != nil {
		return nil, refused
	}
	i, refused := k.find(c.path["entry"])
	if refused != nil {
		return nil, refused
	}
	if k == c.caller.key && k.entries[i].network.Contains(o.seenFrom) {
		return nil, callersAddress.of(o.seenFrom.String())
	}
	o.dropEntry(k, i, c.caller)
	return nil, nil
}

// listed returns the entries that a read shows: reads lag.
func (o *Organization) listed(k *key) []*entry {
	if o.lag.List == 0 {
		return k.entries
	}
	seen := o.now().Add(-o.lag.List)
	var entries []*entry
	for _, e := range slices.Concat(k.entries, k.former) {
		isThere := e.deleted.IsZero() || e.deleted.After(seen)
		if isThere && !e.created.After(seen) {
			entries = append(entries, e)
		}
	}
	return entries
}

func (o *Organization) entryPage(c *call, k *key, entries []*entry) pageOf[entryView] {
	views := make([]entryView, len(entries))
	for i, e := range entries {
		views[i] = o.showEntry(k, e)
	}
	return paginate(c, views)
}

func (o *Organization) addEntry(k *key, network netip.Prefix, by actor) {
	k.entries = append(k.entries, &entry{network: network, created: o.now()})
	o.happened(entryAdded, by, k, nameOf(network))
}

func (o *Organization) dropEntry(k *key, i int, by actor) {
	name := k.entries[i].name()
	k.entries[i].deleted = o.now()
	k.former = append(k.former, k.entries[i])
	k.entries = slices.Delete(k.entries, i, i+1)
	o.happened(entryDeleted, by, k, name)
}

// find looks for an entry by the name it has in a path.
func (k *key) find(name string) (int, *refusal) {
	if network, ok := namedNetwork(name); ok {
		if i, there := k.entryOf(network); there {
			return i, nil
		}
	}
	return 0, noSuchEntry.of(name, k.id)
}
