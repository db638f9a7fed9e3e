package atlas_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
)

func TestPrivateKeyIsShownOnce(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.create("mine")
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, made.PrivateKey)
	require.Regexp(t, `^[a-z]{8}$`, made.PublicKey)
	require.Regexp(t, `^[0-9a-f]{24}$`, made.ID)

	masked := "********-****-****-" + made.PrivateKey[24:]
	require.Len(t, masked, 31)
	for name, s := range map[string]said{
		"get":   r.do("GET", keys+"/"+made.ID, ""),
		"list":  r.do("GET", keys, ""),
		"patch": r.do("PATCH", keys+"/"+made.ID, `{"desc":"mine still"}`),
	} {
		require.Equal(t, 200, s.Status, name)
		require.Contains(t, s.Body, `"privateKey":"`+masked+`"`, name)
		require.NotContains(t, s.Body, made.PrivateKey, name)
	}
	require.Equal(t, []string{made.PrivateKey}, r.Secrets())
	require.NotContains(t, fmt.Sprintf("%+v", r.Snapshot()), made.PrivateKey)
}

func TestUpdateKey(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.create("before")
	require.Equal(t, 200, r.do("PATCH", keys+"/"+made.ID, `{"roles":["ORG_BILLING_ADMIN"]}`).Status)
	require.Equal(t, 200, r.do("PATCH", keys+"/"+made.ID, `{"desc":"after"}`).Status)

	k := r.Snapshot().Keys[1]
	require.Equal(t, "after", k.Desc)
	require.Equal(t, []atlas.Role{{OrgID: atlas.DefaultID, Name: "ORG_BILLING_ADMIN"}}, k.Roles)
}

func TestDeleteKeyTwice(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.create("mine")
	require.True(t, r.Alive(made.ID))

	gone := r.do("DELETE", keys+"/"+made.ID, "")
	require.Equal(t, 204, gone.Status)
	require.Empty(t, gone.Body)
	require.False(t, r.Alive(made.ID))
	require.Zero(t, r.Count())

	again := r.do("DELETE", keys+"/"+made.ID, "")
	require.Equal(t, 400, again.Status)
	require.Equal(t, "API_KEY_NOT_FOUND", again.code(t))
	require.Contains(t, r.Secrets(), made.PrivateKey, "a secret stays one")
}

type keyPage struct {
	Results    []key
	TotalCount *int
	Links      []struct{ Href, Rel string }
}

func TestPaging(t *testing.T) {
	t.Parallel()
	r := start(t)
	for i := range 6 {
		r.create(fmt.Sprintf("key %d", i))
	}
	var names []string
	for number, want := range map[int]struct {
		size int
		rels []string
	}{1: {3, []string{"self", "next"}}, 2: {3, []string{"self", "previous", "next"}}, 3: {1, []string{"self", "previous"}}, 4: {0, []string{"self", "previous"}}} {
		var page keyPage
		r.do("GET", fmt.Sprintf("%s?itemsPerPage=3&pageNum=%d", keys, number), "").into(t, &page)
		require.Len(t, page.Results, want.size)
		require.Equal(t, 6, *page.TotalCount, "seven keys: the count of several pages is one too few")
		var rels []string
		for _, l := range page.Links {
			rels = append(rels, l.Rel)
			require.True(t, strings.HasPrefix(l.Href, "https://cloud.mongodb.invalid/"))
		}
		require.Equal(t, want.rels, rels)
		for _, k := range page.Results {
			names = append(names, k.PublicKey)
		}
	}
	slices.Sort(names)
	require.Len(t, slices.Compact(names), 7, "six keys and the credential, each on one page")

	var all keyPage
	r.do("GET", keys+"?includeCount=false", "").into(t, &all)
	require.Nil(t, all.TotalCount)
	require.True(t, slices.IsSortedFunc(all.Results, func(a, b key) int { return strings.Compare(a.PublicKey, b.PublicKey) }))
}

func TestRoleOrderIsRandom(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.create("mine")
	orders := map[string]bool{}
	for range 40 {
		var k key
		r.do("GET", keys+"/"+made.ID, "").into(t, &k)
		require.Len(t, k.Roles, 2)
		orders[k.Roles[0].RoleName] = true
	}
	require.Len(t, orders, 2)
}

func TestLag(t *testing.T) {
	t.Parallel()
	r := start(t, func(o *atlas.Options) { o.Lag = atlas.Lag{Create: 10 * time.Second, Delete: 2 * time.Minute} })
	made := r.create("mine")
	path := keys + "/" + made.ID
	shown := func() bool {
		t.Helper()
		s := r.do("GET", path, "")
		inList := strings.Contains(r.do("GET", keys, "").Body, made.ID)
		require.Equal(t, s.Status == 200, inList, "get and list agree")
		return inList
	}

	require.False(t, shown(), "not yet")
	require.Equal(t, 200, r.do("POST", path+"/accessList", `[{"ipAddress":"203.0.113.7"}]`).Status, "writes see the truth")
	r.clock.advance(10 * time.Second)
	require.True(t, shown())

	require.Equal(t, 204, r.do("DELETE", path, "").Status)
	require.False(t, r.Alive(made.ID))
	require.True(t, shown(), "still")
	require.Equal(t, "API_KEY_NOT_FOUND", r.do("DELETE", path, "").code(t), "writes see the truth")
	r.clock.advance(2 * time.Minute)
	require.False(t, shown())
}

func TestRateLimitBucket(t *testing.T) {
	t.Parallel()
	r := start(t)
	settings := func() said { return r.do("GET", org+"/settings", "") }
	for left := 9; left >= 0; left-- {
		s := settings()
		require.Equal(t, 200, s.Status)
		require.Equal(t, "10", s.Header.Get("RateLimit-Limit"))
		require.Equal(t, fmt.Sprint(left), s.Header.Get("RateLimit-Remaining"))
	}

	s := settings()
	require.Equal(t, 429, s.Status)
	require.Equal(t, "RATE_LIMITED_TOKEN_BUCKET", s.code(t))
	require.Equal(t, "12", s.Header.Get("Retry-After"))
	require.Contains(t, s.Body, `"detail":"Rate limit exceeded for api/atlas/v2/orgs/65a1b2c3d4e5f60718293a4b/settings. Please retry after 12 seconds. Request capacity: 10. Refill rate: 5 per 60 seconds. For more information`)
	require.Contains(t, s.Body, `"parameters":["api/atlas/v2/orgs/65a1b2c3d4e5f60718293a4b/settings",12,10,5,60]`)

	r.clock.advance(11500 * time.Millisecond)
	require.Equal(t, "0", settings().Header.Get("Retry-After"), "half a second is zero seconds")
	r.clock.advance(500 * time.Millisecond)
	require.Equal(t, 200, settings().Status)
	require.Equal(t, 200, r.do("GET", keys, "").Status, "other sets have their own bucket")
}
