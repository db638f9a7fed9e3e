package atlas_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/atlas"
	emulated "atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
	"atlaskeybot/internal/secret"
)

// A rig is the client, the sandbox's Atlas, and a wire between them that fails
// on demand.
type rig struct {
	*emulated.Organization
	wire *wire.Recorder
	api  *atlas.Client
	keys *atlas.Keys
}

const sandboxOrg = policy.OrgID(emulated.DefaultID)

func newRig(t *testing.T, opts emulated.Options, change ...func(*atlas.Config)) *rig {
	return newRigOf(t, emulated.New(opts), change...)
}

// newRigOf is a client of an organization, which need not be alone in its cloud.
func newRigOf(t *testing.T, o *emulated.Organization, change ...func(*atlas.Config)) *rig {
	r := &rig{Organization: o, wire: wire.NewRecorder(time.Now)}
	server := httptest.NewServer(r.wire.Handler(wire.Atlas, emulated.Operation, r.Organization))
	t.Cleanup(server.Close)
	t.Cleanup(r.wire.Close)
	public, private := r.Credential()
	cfg := atlas.Config{
		BaseURL: server.URL,
		OrgID:   r.Snapshot().ID,
		Login:   atlas.Digest{PublicKey: public, PrivateKey: secret.New(private)},
		HTTP:    server.Client().Transport.(*http.Transport),
		Sleep:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	r.api, err = atlas.New(cfg)
	require.NoError(t, err)
	t.Cleanup(r.api.Close)
	r.keys = atlas.NewKeys(r.api, "T1/B1")
	return r
}

func order(id policy.ID, attempt int) approval.KeySpec {
	return approval.KeySpec{Request: id, Attempt: attempt, Access: policy.Access{
		Description: "billing export (EU)",
		Roles:       []policy.Role{"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY"},
		Networks: []netip.Prefix{
			netip.MustParsePrefix("203.0.113.7/32"), netip.MustParsePrefix("198.51.100.0/24"),
			netip.MustParsePrefix("2001:db8::1/128"), netip.MustParsePrefix("2001:db8:7::/64"),
		},
	}}
}

func noted(approval.Key) error { return nil }

const (
	createKey  = "POST /orgs/{orgId}/apiKeys"
	createList = "POST /orgs/{orgId}/apiKeys/{id}/accessList"
	deleteKey  = "DELETE /orgs/{orgId}/apiKeys/{id}"
)

// calls counts the authenticated calls of an operation.
func (r *rig) calls(operation string) (n int) {
	for _, c := range r.wire.Calls() {
		if c.Operation == operation && c.Auth {
			n++
		}
	}
	return n
}

func TestSandboxKeyLifecycle(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]emulated.Options{
		"nonces for a minute": {Seed: 1, RequireAccessList: true},
		"nonces for one use":  {Seed: 2, SingleUseNonces: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, opts), t.Context()
			var told approval.Key
			made, err := r.keys.Create(ctx, order("AKR-7F3K2", 1), func(k approval.Key) error { told = k; return nil })
			require.NoError(t, err)
			assert.Equal(t, told, made.Key)
			assert.False(t, made.MadeAt.IsZero())

			used, err := r.keys.WasUsed(ctx, made.ID)
			require.NoError(t, err)
			assert.False(t, used)
			status, _ := r.Use(made.PublicKey, made.PrivateKey.Reveal(), "198.51.100.77")
			assert.Equal(t, 200, status)
			status, code := r.Use(made.PublicKey, made.PrivateKey.Reveal(), "192.0.2.1")
			assert.Equal(t, 403, status, code)
			used, err = r.keys.WasUsed(ctx, made.ID)
			require.NoError(t, err)
			assert.True(t, used)

			found, err := r.keys.FindTagged(ctx, "AKR-7F3K2")
			require.NoError(t, err)
			require.Len(t, found, 1)
			assert.WithinDuration(t, made.MadeAt, found[0].MadeAt, 2*time.Second)
			found[0].MadeAt = time.Time{}
			assert.Equal(t, []approval.TaggedKey{{Key: approval.Key{ID: made.ID, PublicKey: made.PublicKey}, Request: "AKR-7F3K2", Attempt: 1}}, found)

			require.NoError(t, r.keys.Delete(ctx, made.ID))
			assert.False(t, r.Alive(made.ID))
			require.NoError(t, r.keys.Delete(ctx, made.ID), "gone is as good as deleted")
			used, err = r.keys.WasUsed(ctx, made.ID)
			require.NoError(t, err)
			assert.False(t, used)
		})
	}
}

func TestSandboxCreateTakesThreeRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	_, err := r.keys.Create(t.Context(), order("AKR-7F3K2", 1), noted)
	require.NoError(t, err)
	var seen []string
	for _, c := range r.wire.Calls() {
		seen = append(seen, c.Operation)
	}
	assert.Equal(t, []string{createKey, createKey, createList}, seen)
}

// Each way to lose a create call, before it was done and after: the client
// cannot tell the two apart and must not try.
func TestSandboxLostCreates(t *testing.T) {
	t.Parallel()
	for mode, want := range map[wire.Mode]struct {
		verdict approval.FailureClass
		alive   int
	}{
		wire.ResetBefore:    {approval.Indeterminate, 0},
		wire.ResetAfter:     {approval.Indeterminate, 1},
		wire.LostAfter:      {approval.Indeterminate, 1},
		wire.Error500Before: {approval.Indeterminate, 0},
		wire.Error500After:  {approval.Indeterminate, 1},
		wire.HTML503:        {approval.Indeterminate, 0},
		wire.HTML503After:   {approval.Indeterminate, 1},
		wire.Hang:           {approval.Indeterminate, 0},
		wire.HangAfter:      {approval.Indeterminate, 1},
		wire.TruncatedAfter: {approval.Indeterminate, 1},
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			r := newRig(t, emulated.Options{Seed: 1}, func(c *atlas.Config) { c.Timeout = time.Second })
			require.NoError(t, r.wire.Set(wire.Fault{Side: wire.Atlas, Operation: createKey, Mode: mode}))
			_, err := r.keys.Create(ctx, order("AKR-7F3K2", 1), func(approval.Key) error {
				t.Error("there is an unknown key")
				return nil
			})
			var f *approval.CallError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, want.verdict, f.Class, err)
			assert.Equal(t, want.alive, r.Count())
			assert.Equal(t, 1, r.calls(createKey), "never asked twice")
			for _, private := range r.Secrets() {
				assert.NotContains(t, err.Error(), private)
			}

			found, err := r.keys.FindTagged(ctx, "AKR-7F3K2")
			require.NoError(t, err)
			assert.Len(t, found, want.alive)
			for _, k := range found {
				require.NoError(t, r.keys.Delete(ctx, k.ID))
			}
			assert.Zero(t, r.Count())
		})
	}
}

// The client may repeat these failures, even of a POST, since they have no effect.
func TestSandboxCreateRetriesHarmlessFailures(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]wire.Fault{
		"a reset of the first responder": {Operation: createKey, Mode: wire.ResetBefore, FirstLeg: true},
		"a 503 of the first responder":   {Operation: createKey, Mode: wire.HTML503, FirstLeg: true},
		"a rate limit":                   {Operation: createKey, Mode: wire.RateLimited},
		"two rate limits":                {Operation: createKey, Mode: wire.RateLimited, Count: 2},
		"a stray 401":                    {Operation: createKey, Mode: wire.Empty401},
		"a rate limit of the list":       {Operation: createList, Mode: wire.RateLimited},
		"a stray 401 to the list":        {Operation: createList, Mode: wire.Empty401},
		"an upgrade is not survived":     {Operation: createKey, Mode: wire.AtlasError, Status: 405, Code: "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, emulated.Options{Seed: 1})
			f.Side = wire.Atlas
			require.NoError(t, r.wire.Set(f))
			_, err := r.keys.Create(t.Context(), order("AKR-7F3K2", 1), noted)
			if f.Mode == wire.AtlasError {
				var fault *approval.CallError
				require.ErrorAs(t, err, &fault)
				assert.Equal(t, approval.Transient, fault.Class)
				assert.Zero(t, r.Count())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 1, r.Count())
		})
	}
}

func TestSandboxRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts    emulated.Options
		spoil   func(*approval.KeySpec)
		verdict approval.FailureClass
		cause   approval.Cause
		alive   int
	}{
		"a role that is none":   {spoil: func(o *approval.KeySpec) { o.Access.Roles = []policy.Role{"ORG_GOD"} }, verdict: approval.Permanent, cause: approval.CauseBadRole},
		"the role of a project": {spoil: func(o *approval.KeySpec) { o.Access.Roles = []policy.Role{"GROUP_OWNER"} }, verdict: approval.Permanent, cause: approval.CauseBadRole},
		"IPv6":                  {opts: emulated.Options{RefuseIPv6: true}, verdict: approval.Permanent, cause: approval.CauseBadAddress, alive: 1},
		"a useless address":     {spoil: func(o *approval.KeySpec) { o.Access.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} }, verdict: approval.Permanent, cause: approval.CauseBadAddress, alive: 1},
		"too many keys":         {opts: emulated.Options{MaxKeys: 1}, verdict: approval.Permanent, cause: approval.CauseKeyLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.opts)
			o := order("AKR-7F3K2", 1)
			if c.spoil != nil {
				c.spoil(&o)
			}
			_, err := r.keys.Create(t.Context(), o, noted)
			var f *approval.CallError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, c.verdict, f.Class, err)
			assert.Equal(t, c.cause, f.Cause, err)
			assert.Equal(t, c.alive, r.Count(), "what made was told of is the caller's to remove")
		})
	}
}

// ownTag identifies the bot in the rig's tags: the first letters of a
// digest of "T1/B1", worked out once.
const ownTag = "4QHBZQ"

func TestFindTaggedIgnoresOtherKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	for _, desc := range []string{
		"x - keybot AKR-7F3K21 attempt 1 of " + ownTag, "keybot AKR-7F3K2", "billing",
		"x - keybot AKR-7F3K2 attempt 1 of " + ownTag + ", of bo", "x - keybot AKR-7F3K2 attempt 1 of OTHERB",
	} {
		_, err := r.AddKey(emulated.KeyInput{Desc: desc, Roles: []string{"ORG_MEMBER"}})
		require.NoError(t, err)
	}
	for attempt := range 3 {
		_, err := r.keys.Create(t.Context(), order("AKR-7F3K2", attempt+1), noted)
		require.NoError(t, err)
	}
	found, err := r.keys.FindTagged(t.Context(), "AKR-7F3K2")
	require.NoError(t, err)
	var attempts []int
	for _, k := range found {
		attempts = append(attempts, k.Attempt)
	}
	assert.ElementsMatch(t, []int{1, 2, 3}, attempts)
}

func TestInspectReportsDrift(t *testing.T) {
	t.Parallel()
	renamed, roles := "mine now", []string{"ORG_OWNER"}
	wider, none := []string{"203.0.113.0/24"}, []string{}
	for name, c := range map[string]struct {
		edit emulated.KeyEdit
		want approval.Drift
	}{
		"nothing":        {emulated.KeyEdit{}, approval.Drift{}},
		"its name":       {emulated.KeyEdit{Desc: &renamed}, approval.Drift{Renamed: true}},
		"its roles":      {emulated.KeyEdit{Roles: roles}, approval.Drift{RolesChanged: true, Roles: []policy.Role{"ORG_OWNER"}}},
		"its list":       {emulated.KeyEdit{AccessList: wider}, approval.Drift{NetworksChanged: true, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}},
		"no list at all": {emulated.KeyEdit{AccessList: none}, approval.Drift{NetworksChanged: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
			o := order("AKR-7F3K2", 1)
			made, err := r.keys.Create(ctx, o, noted)
			require.NoError(t, err)
			require.NoError(t, r.EditKey(made.ID, c.edit))
			got, err := r.keys.Inspect(ctx, o, made.ID)
			require.NoError(t, err)
			assert.True(t, c.want.Equal(got), "%+v", got)
		})
	}
}

func TestCreatedButUnlisted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lag  emulated.Lag
		then func(r *rig, made approval.Credential)
		want bool
	}{
		"listed":         {emulated.Lag{}, func(*rig, approval.Credential) {}, false},
		"not listed yet": {emulated.Lag{Create: time.Minute}, func(*rig, approval.Credential) {}, true},
		"deleted":        {emulated.Lag{Create: time.Minute}, func(r *rig, k approval.Credential) { _ = r.DeleteKey(k.ID) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1, Lag: c.lag}), t.Context()
			since := time.Now().Add(-time.Minute)
			_, err := r.AddKey(emulated.KeyInput{Desc: "a person's", Roles: []string{"ORG_MEMBER"}})
			require.NoError(t, err)
			made, err := r.keys.Create(ctx, order("AKR-7F3K2", 1), noted)
			require.NoError(t, err)
			c.then(r, made)
			got, err := r.keys.CreatedButUnlisted(ctx, since)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestInspectMissingKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1})
	_, err := r.keys.Inspect(t.Context(), order("AKR-7F3K2", 1), "65a1b2c3d4e5f60718293aff")
	require.ErrorIs(t, err, approval.ErrNoKey)
}

func TestSandboxDelete(t *testing.T) {
	t.Parallel()
	for _, mode := range []wire.Mode{wire.ResetBefore, wire.ResetAfter, wire.LostAfter, wire.Error500After, wire.HTML503, wire.Empty401, wire.RateLimited} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
			made, err := r.keys.Create(ctx, order("AKR-7F3K2", 1), noted)
			require.NoError(t, err)
			require.NoError(t, r.wire.Set(wire.Fault{Side: wire.Atlas, Operation: deleteKey, Mode: mode}))
			require.NoError(t, r.keys.Delete(ctx, made.ID))
			assert.Zero(t, r.Count())
		})
	}
}

func TestDeleteRefusesOwnKey(t *testing.T) {
	t.Parallel()
	r, ctx := newRig(t, emulated.Options{Seed: 1}), t.Context()
	status, err := r.api.Status(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"ORG_OWNER"}, status.Roles)
	require.Error(t, r.keys.Delete(ctx, status.KeyID))
	assert.True(t, r.Alive(status.KeyID))
	assert.Zero(t, r.calls(deleteKey))
}

func TestSandboxReads(t *testing.T) {
	t.Parallel()
	r, ctx := newRig(t, emulated.Options{Seed: 1, RequireAccessList: true}), t.Context()
	o, err := r.api.Organization(ctx)
	require.NoError(t, err)
	assert.Equal(t, atlas.Organization{ID: emulated.DefaultID, Name: emulated.DefaultName}, o)
	settings, err := r.api.Settings(ctx)
	require.NoError(t, err)
	assert.True(t, settings.AccessListRequired)
	address, err := r.api.CallerAddress(ctx)
	require.NoError(t, err)
	assert.Equal(t, emulated.DefaultSeenFrom, address.String())

	start := time.Now().Add(-time.Minute)
	made, err := r.keys.Create(ctx, order("AKR-7F3K2", 1), noted)
	require.NoError(t, err)
	key, err := r.api.GetKey(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, "billing export EU - keybot AKR-7F3K2 attempt 1 of "+ownTag, key.Description)
	events, err := r.api.Events(ctx, start, atlas.EventKeyCreated)
	require.NoError(t, err)
	require.Len(t, events, 1)
	assert.Equal(t, made.PublicKey, events[0].Target)

	assert.Equal(t, atlas.Permanent, atlas.KindOf(r.api.KeepAccess(ctx, made.ID, nil, order("", 1).Access.Networks)), "a key without a list may work from everywhere")
	require.NoError(t, r.api.KeepAccess(ctx, made.ID, order("", 1).Access.Networks[:1], nil))
	entries, err := r.api.ListAccess(ctx, made.ID)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, "203.0.113.7/32", entries[0].From.String())
}

func TestSandboxConcurrentCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t, emulated.Options{Seed: 1, SingleUseNonces: true})
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			_, err := r.keys.Create(t.Context(), order("AKR-7F3K2", i+1), noted)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, 64, r.Count())
}
