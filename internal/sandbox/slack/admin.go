package slack

import "slices"

// Changes of the workspace by an administrator or by Slack.

// Deactivate removes a person: they see and do nothing from now on, and leave
// every channel. User groups keep listing them.
func (w *Workspace) Deactivate(user string) {
	w.alter(user, func(p *Person) {
		p.Deleted, p.Active = true, false
		w.closeAll(user)
		for _, r := range w.rooms {
			if r.kind == KindChannel {
				r.leave(user)
			}
		}
	})
}

// Reactivate undoes Deactivate, but for the channels.
func (w *Workspace) Reactivate(user string) {
	w.alter(user, func(p *Person) { p.Deleted, p.Active = false, true })
}

// SetGuest makes a person a guest, or a full member again.
func (w *Workspace) SetGuest(user string, guest bool) {
	w.alter(user, func(p *Person) { p.Guest = guest })
}

// Hide makes a person invisible to the bot: user_not_visible.
func (w *Workspace) Hide(user string, hidden bool) {
	w.alter(user, func(*Person) { w.hidden[user] = hidden })
}

// ShareChannel shares a channel with Eve's workspace, or stops doing so.
func (w *Workspace) ShareChannel(channel string, shared bool) {
	w.reorderFields(channel, func(r *room) {
		r.shared = shared
		r.leave(Eve)
		if shared {
			r.members = append(r.members, Eve)
		}
	})
}

// Join makes a person a member of a channel.
func (w *Workspace) Join(user, channel string) {
	w.reorderFields(channel, func(r *room) {
		r.leave(user)
		r.members = append(r.members, user)
	})
}

// Leave ends a person's membership of a channel.
func (w *Workspace) Leave(user, channel string) {
	w.reorderFields(channel, func(r *room) { r.leave(user) })
}

// RemoveBotFromChannel kicks the bot out.
func (w *Workspace) RemoveBotFromChannel(channel string) { w.Leave(BotUser, channel) }

// AddBotToChannel invites the bot.
func (w *Workspace) AddBotToChannel(channel string) { w.Join(BotUser, channel) }

// SetPrivate makes a channel private, or public again.
func (w *Workspace) SetPrivate(channel string, private bool) {
	w.reorderFields(channel, func(r *room) { r.private = private })
}

// Archive archives a channel, or restores it.
func (w *Workspace) Archive(channel string, archived bool) {
	w.reorderFields(channel, func(r *room) { r.archived = archived })
}

// Restrict keeps the bot from posting in a channel, as a preference of the
// workspace can.
func (w *Workspace) Restrict(channel string, restricted bool) {
	w.reorderFields(channel, func(r *room) { r.restricted = restricted })
}

// RevokeToken makes every call answer token_revoked.
func (w *Workspace) RevokeToken() { w.SetAuthError("token_revoked") }

// SetAuthError makes every call answer code; empty restores service.
func (w *Workspace) SetAuthError(code string) { w.set(func() { w.authErr = code }) }

// SetScopes replaces what the bot token may do.
func (w *Workspace) SetScopes(scopes ...string) { w.set(func() { w.scopes = slices.Clone(scopes) }) }

// GroupsNeedUpgrade makes user groups answer plan_upgrade_required.
func (w *Workspace) GroupsNeedUpgrade(on bool) { w.set(func() { w.noGroups = on }) }

// MessagesTab switches the app's Messages tab.
func (w *Workspace) MessagesTab(on bool) { w.set(func() { w.tabOff = !on }) }

// HomeTab switches the app's Home tab.
func (w *Workspace) HomeTab(on bool) { w.set(func() { w.homeOff = !on }) }

func (w *Workspace) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	w.changed()
}

// reorderFields changes a channel, if there is one with this id.
func (w *Workspace) reorderFields(channel string, change func(*room)) {
	w.set(func() {
		if r := w.rooms[channel]; r != nil {
			change(r)
		}
	})
}

func (r *room) leave(user string) {
	r.members = slices.DeleteFunc(slices.Clone(r.members), func(id string) bool { return id == user })
}
