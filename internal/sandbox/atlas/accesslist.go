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
	return o.entryPage(c, k), nil
}

// addEntries adds all of the body's entries, or none, and answers with the
// whole list.
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
	return o.entryPage(c, k), nil
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

func (o *Organization) entryPage(c *call, k *key) pageOf[entryView] {
	views := make([]entryView, len(k.entries))
	for i, e := range k.entries {
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
