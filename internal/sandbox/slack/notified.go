package slack

import "slices"

// notified lists whom Slack notifies of a message that is posted in r, in the order of
// the room's members: in a direct message everyone else, in a channel those whom it
// mentions. A change of a message notifies no one, nor does a reply in a thread that
// mentions no one; to <!here> and the like Slack does not listen in threads.
//
// Of a message with blocks only the mentions in the blocks count: whether Slack looks
// for them in the text beside blocks is not documented.
func (w *Workspace) notified(r *room, m *message) []string {
	var all []string
	for _, user := range r.members {
		p := w.people[user]
		if p == nil || p.Deleted || user == m.author {
			continue
		}
		if r.kind != KindChannel || w.isMentioned(p, m) {
			all = append(all, user)
		}
	}
	return all
}

func (w *Workspace) isMentioned(p *Person, m *message) bool {
	var called Mentions
	if called.inBlocks(anyList(m.blocks)); len(m.blocks) == 0 {
		called.inMarkup(m.text)
	}
	isInGroup := func(id string) bool {
		g := w.groups[id]
		return g != nil && !g.disabled && slices.Contains(g.users, p.ID)
	}
	isInCrowd := func(crowd string) bool { return m.threadTS == "" && (crowd != "here" || p.Active) }
	return slices.Contains(called.People, p.ID) || slices.ContainsFunc(called.Groups, isInGroup) || slices.ContainsFunc(called.Crowds, isInCrowd)
}
