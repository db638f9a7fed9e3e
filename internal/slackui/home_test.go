package slackui

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
)

func TestASearchSurvivesItsTravel(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]search{
		"nothing":    {},
		"a person":   {person: "U0ALICE"},
		"everything": {person: "U0ALICE", role: "ORG_OWNER", within: 24 * time.Hour, page: 7},
		"hostile":    {person: "U&page=9 <!channel>", role: "a b"},
	} {
		assert.Equal(t, s, parseSearch(s.encode()), name)
	}
	for _, text := range []string{"%zz", "page=-3&within=-1h", "page=x&within=y", "&&;"} {
		assert.Equal(t, search{}, parseSearch(text), text)
	}
}

func TestASearchFinds(t *testing.T) {
	t.Parallel()
	key := request(active) // Alice's, reads only, ends a week after later
	for name, tt := range map[string]struct {
		search search
		key    approval.Request
		want   bool
	}{
		"everything":             {search{}, key, true},
		"hers":                   {search{person: "U0ALICE"}, key, true},
		"somebody else's":        {search{person: "U0CAROL"}, key, false},
		"her role":               {search{role: "ORG_READ_ONLY"}, key, true},
		"another role":           {search{role: "ORG_OWNER"}, key, false},
		"soon":                   {search{within: 24 * time.Hour}, key, false},
		"within a week":          {search{within: 7 * 24 * time.Hour}, key, true},
		"without an end, at all": {search{}, request(found), true},
		"without an end, soon":   {search{within: 24 * time.Hour}, request(found), false},
	} {
		assert.Equal(t, tt.want, tt.search.matches(tt.key, later), name)
	}
}

func TestAModalKnowsItsRequestAndItsHome(t *testing.T) {
	t.Parallel()
	atHome := action{id: "AKR-7F3K2", home: &homeContext{search: search{person: "U0ALICE", page: 2}}}
	id, home, ok := requestOf(sentView{Metadata: requestMetadata(atHome)})
	require.True(t, ok)
	require.Equal(t, approval.ID("AKR-7F3K2"), id)
	require.Equal(t, atHome.home, home)

	id, home, ok = requestOf(sentView{Metadata: requestMetadata(action{id: "AKR-7F3K2"})})
	require.True(t, ok)
	require.Equal(t, approval.ID("AKR-7F3K2"), id)
	require.Nil(t, home)

	for _, metadata := range []string{"", " ", "AKR-", "' OR 1=1 --", strings.Repeat("A", 3000)} {
		_, _, ok := requestOf(sentView{Metadata: metadata})
		require.False(t, ok, metadata)
	}
}

func TestWhichEventsOpenAHome(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]bool{
		`{"team_id":"T1","event":{"type":"app_home_opened","user":"U1","tab":"home"}}`:     true,
		`{"team_id":"T1","event":{"type":"app_home_opened","user":"U1","tab":"messages"}}`: false,
		`{"team_id":"T1","event":{"type":"app_home_opened","tab":"home"}}`:                 false,
		`{"team_id":"T1","event":{"type":"message","user":"U1","tab":"home"}}`:             false,
		`{}`: false,
	} {
		e, err := decodeEvent([]byte(payload))
		require.NoError(t, err)
		assert.Equal(t, want, e.opensHome(), payload)
	}
	_, err := decodeEvent([]byte(`{"event":"hunter2"}`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestAgeIsRounded(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "1 minute", 59 * time.Minute: "59 minutes", 3*time.Hour + 59*time.Minute: "3 hours", 47 * time.Hour: "47 hours", 73 * time.Hour: "3 days",
		90*time.Minute + 20*time.Second: "90 minutes",
	} {
		assert.Equal(t, want, humanDuration(age(later.Add(d), later)))
	}
}
