package slackui

import (
	"strings"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

// A modal's private_metadata is the id of the request that it is about. If it
// was opened from a Home tab, that tab's own private_metadata follows after a
// space, so that the tab can be drawn again when the modal is sent.

func requestMetadata(p action) string {
	if p.home == nil {
		return string(p.id)
	}
	return string(p.id) + " " + p.home.search.Encode()
}

// requestOf reads what [requestMetadata] wrote. The home is nil if there was none.
func requestOf(v payload.SentView) (policy.ID, *homeContext, bool) {
	word, rest, fromHome := strings.Cut(v.Metadata, " ")
	id, ok := approval.ParseID(word)
	if !ok || !fromHome {
		return id, nil, ok
	}
	return id, &homeContext{search: view.ParseSearch(rest)}, true
}
