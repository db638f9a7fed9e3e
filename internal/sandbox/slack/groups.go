package slack

import "slices"

// group is a user group as the workspace keeps it.
type group struct {
	handle   string
	users    []string
	disabled bool
}

// Group is a user group.
type Group struct {
	ID       string   `json:"id"`
	Handle   string   `json:"handle"` // without @
	Users    []string `json:"users"`
	Disabled bool     `json:"disabled"`
}

// Groups lists the user groups by id.
func (w *Workspace) Groups() []Group {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := []Group{}
	for _, id := range sorted(w.groups) {
		g := w.groups[id]
		all = append(all, Group{ID: id, Handle: g.handle, Users: slices.Clone(g.users), Disabled: g.disabled})
	}
	return all
}

// SetGroup replaces the members of a user group, making the group if needed.
// They may be deactivated, guests, or of another workspace.
func (w *Workspace) SetGroup(group string, users ...string) {
	w.regroup(group, func() { w.groups[group].users = slices.Clone(users) })
}

// NameGroup gives a user group the handle it is mentioned with, without @,
// making the group if needed.
func (w *Workspace) NameGroup(group, handle string) {
	w.regroup(group, func() { w.groups[group].handle = handle })
}

// DisableGroup disables a user group, or enables it again. A disabled one is
// listed only for those who ask for it, and keeps its members.
func (w *Workspace) DisableGroup(group string, disabled bool) {
	w.regroup(group, func() { w.groups[group].disabled = disabled })
}

func (w *Workspace) regroup(id string, change func()) {
	w.set(func() {
		if w.groups[id] == nil {
			w.groups[id] = &group{handle: "group-" + id}
		}
		change()
	})
}
