package slack

func (w *Workspace) postMessage(c *call) obj {
	r := c.target()
	if r == nil {
		r = w.appRoom(c.str("channel"))
	}
	m := w.post(r, c.message(w))
	return obj{"channel": r.id, "ts": m.ts, "message": m.wire()}
}

func (w *Workspace) postEphemeral(c *call) obj {
	w.isUnsolicited(c)
	m := c.message(w)
	m.metadata = nil // "ephemeral messages are not persisted"
	return obj{"message_ts": w.addEphemeral(c.room(), c.str("user"), m).ts}
}

// updateMessage replaces text and blocks; metadata stays unless it is sent.
func (w *Workspace) updateMessage(c *call) obj {
	r := c.room()
	w.edit(r.find(c.str("ts")), c.message(w))
	m := r.find(c.str("ts"))
	return obj{"channel": r.id, "ts": m.ts, "text": m.text, "message": m.wire()}
}

func (w *Workspace) edit(m, to *message) {
	m.text, m.blocks, m.edited = to.text, to.blocks, w.stamp()
	if to.metadata != nil {
		m.metadata = to.metadata
	}
	w.changed()
}

func (w *Workspace) deleteMessage(c *call) obj {
	w.remove(c.room(), c.str("ts"))
	return obj{"channel": c.room().id, "ts": c.str("ts")}
}

func (w *Workspace) remove(r *room, ts string) {
	kept := r.messages[:0:0]
	for _, m := range r.messages {
		if m.ts != ts {
			kept = append(kept, m)
		}
	}
	r.messages = kept
	w.changed()
}

// message is what a call says, from the bot.
func (c *call) message(w *Workspace) *message {
	text := []rune(c.text())
	metadata, _ := c.decode("metadata")
	return &message{
		author:   BotUser,
		bot:      true,
		text:     string(text[:min(len(text), postLimit)]),
		blocks:   normal(c.blocks(), w.elementID),
		metadata: metadata,
		threadTS: c.str("thread_ts"),
	}
}
