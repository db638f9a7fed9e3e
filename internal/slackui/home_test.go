package slackui

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/slackui/mrkdwn"
	"atlaskeybot/internal/slackui/payload"
	"atlaskeybot/internal/slackui/view"
)

func TestSearchRoundTrip(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]view.Search{
		"nothing":    {},
		"a person":   {Person: "U0ALICE"},
		"everything": {Person: "U0ALICE", Role: "ORG_OWNER", Within: 24 * time.Hour, Page: 7},
		"hostile":    {Person: "U&page=9 <!channel>", Role: "a b"},
	} {
		assert.Equal(t, s, view.ParseSearch(s.Encode()), name)
	}
	for _, text := range []string{"%zz", "page=-3&within=-1h", "page=x&within=y", "&&;"} {
		assert.Equal(t, view.Search{}, view.ParseSearch(text), text)
	}
}

func TestSearchMatches(t *testing.T) {
	t.Parallel()
	keys := func(s view.Search) approval.KeySearch {
		which := s.Keys(later)
		which.Orgs = []policy.OrgID{request(active).Org}
		return which
	}
	key := request(active) // Alice's, reads only, ends a week after later
	for name, tt := range map[string]struct {
		search view.Search
		key    approval.Request
		want   bool
	}{
		"everything":             {view.Search{}, key, true},
		"hers":                   {view.Search{Person: "U0ALICE"}, key, true},
		"another user's":         {view.Search{Person: "U0CAROL"}, key, false},
		"her role":               {view.Search{Role: "ORG_READ_ONLY"}, key, true},
		"another role":           {view.Search{Role: "ORG_OWNER"}, key, false},
		"soon":                   {view.Search{Within: 24 * time.Hour}, key, false},
		"within a week":          {view.Search{Within: 7 * 24 * time.Hour}, key, true},
		"without an end, at all": {view.Search{}, request(found), true},
		"without an end, soon":   {view.Search{Within: 24 * time.Hour}, request(found), false},
	} {
		assert.Equal(t, tt.want, keys(tt.search).Finds(tt.key), name)
	}
}

func TestRequestMetadataRoundTrip(t *testing.T) {
	t.Parallel()
	atHome := action{id: "AKR-7F3K2", home: &homeContext{search: view.Search{Person: "U0ALICE", Page: 2}}}
	id, home, ok := requestOf(payload.SentView{Metadata: requestMetadata(atHome)})
	require.True(t, ok)
	require.Equal(t, policy.ID("AKR-7F3K2"), id)
	require.Equal(t, atHome.home, home)

	id, home, ok = requestOf(payload.SentView{Metadata: requestMetadata(action{id: "AKR-7F3K2"})})
	require.True(t, ok)
	require.Equal(t, policy.ID("AKR-7F3K2"), id)
	require.Nil(t, home)

	for _, metadata := range []string{"", " ", "AKR-", "' OR 1=1 --", strings.Repeat("A", 3000)} {
		_, _, ok := requestOf(payload.SentView{Metadata: metadata})
		require.False(t, ok, metadata)
	}
}

func TestEventsThatOpenHome(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"team_id":"T1","event":{"type":"app_home_opened","user":"U1","tab":"home"}}`:     true,
		`{"team_id":"T1","event":{"type":"app_home_opened","user":"U1","tab":"messages"}}`: false,
		`{"team_id":"T1","event":{"type":"app_home_opened","tab":"home"}}`:                 false,
		`{"team_id":"T1","event":{"type":"message","user":"U1","tab":"home"}}`:             false,
		`{}`: false,
	} {
		e, err := payload.DecodeEvent([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, e.OpensHome(), body)
	}
	_, err := payload.DecodeEvent([]byte(`{"event":"hunter2"}`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestAgeIsRounded(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "1 minute", 59 * time.Minute: "59 minutes", 3*time.Hour + 59*time.Minute: "3 hours", 47 * time.Hour: "47 hours", 73 * time.Hour: "3 days",
		90*time.Minute + 20*time.Second: "90 minutes",
	} {
		assert.Equal(t, want, mrkdwn.Duration(view.Age(later.Add(d), later)))
	}
}
