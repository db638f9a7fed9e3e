package preflight

import (
	"testing"

	"github.com/stretchr/testify/require"

	"atlaskeybot/internal/sandbox/atlas"
	"atlaskeybot/internal/sandbox/wire"
)

// anotherKey has the bot log in with a key made by hand.
func anotherKey(roles []string, list ...string) func(*checkEnv) {
	return func(l *checkEnv) {
		made, err := l.Atlas.AddKey(atlas.KeyInput{Desc: "by hand", Roles: roles, AccessList: list})
		require.NoError(l.t, err)
		l.set("ATLAS_PUBLIC_KEY", made.PublicKey)
		l.set("ATLAS_PRIVATE_KEY", made.PrivateKey)
	}
}

// atlasAnswers has every signed call of an operation answered with an error.
func atlasAnswers(operation string, status int, code string) func(*checkEnv) {
	return func(l *checkEnv) {
		require.NoError(l.t, l.Wire.Set(wire.Fault{Side: wire.Atlas, Operation: operation, Mode: wire.AtlasError, Status: status, Code: code, Count: -1}))
	}
}

const addToList = "At {keys} edit the key, and add the bot's address to its access list."

func TestCheckAtlasKey(t *testing.T) {
	owner := []string{"ORG_OWNER"}
	testSetups(t, map[string]setup{
		"the private key is another one": {
			func(l *checkEnv) { l.set("ATLAS_PRIVATE_KEY", "00000000-0000-4000-8000-00000000cafe") },
			Finding{
				"atlas login", NotOK, "Atlas does not accept ATLAS_PUBLIC_KEY and ATLAS_PRIVATE_KEY: one of them is wrong, or the key was deleted.",
				"Compare the public key at {keys}; if the private key is lost, make a new one there.",
			},
			[]Finding{{"atlas role", NotChecked, "The login has to work first.", ""}},
		},
		"it may only read": {
			anotherKey([]string{"ORG_READ_ONLY", "ORG_BILLING_ADMIN"}, atlas.DefaultSeenFrom),
			Finding{
				"atlas role", NotOK, "The API key has ORG_BILLING_ADMIN, ORG_READ_ONLY; making and deleting keys needs ORG_OWNER.",
				"At {keys} give it Organization Owner.",
			}, nil,
		},
		"it has no access list, and needs one": {
			anotherKey(owner),
			Finding{"atlas access list", NotOK, "The organization requires an access list and the API key has none. Atlas sees the bot at 198.51.100.7.", addToList},
			[]Finding{{"atlas login", NotChecked, "Atlas refuses the bot's address before it looks further.", ""}},
		},
		"it has no access list, and needs none": {
			func(l *checkEnv) {
				l.Atlas.SetRequireAccessList(false)
				anotherKey(owner)(l)
			},
			Finding{
				"atlas access list", Warning, "The bot's API key has no access list: if it is stolen, it works from everywhere.",
				"At {keys} edit the key's access list.",
			},
			[]Finding{{"atlas address", OK, "Atlas sees the bot at 198.51.100.7.", ""}},
		},
		"its access list has the whole internet": {
			anotherKey(owner, "0.0.0.0/0"),
			Finding{
				"atlas access list", Warning, "The access list of the bot's API key has the whole internet on it.",
				"At {keys} edit the key's access list.",
			}, nil,
		},
		"its access list has a network on it": {
			anotherKey(owner, "203.0.113.9", "198.51.100.0/24"),
			Finding{"atlas access list", OK, "The bot's API key works from 203.0.113.9, 198.51.100.0/24 only.", ""}, nil,
		},
		"the bot's address is not on its access list": {
			anotherKey(owner, "203.0.113.9"),
			Finding{"atlas address", NotOK, "The bot's address is not on the access list of the API key. Atlas sees the bot at 198.51.100.7.", addToList},
			[]Finding{{"atlas login", NotChecked, "Atlas refuses the bot's address before it looks further.", ""}},
		},
		"Atlas does not tell the address": {
			atlasAnswers("GET /api/private/ipinfo", 404, "RESOURCE_NOT_FOUND"),
			Finding{"atlas address", NotChecked, "Atlas did not say where it sees the bot. It answers, so the address is good.", ""}, nil,
		},
	})
}

func TestCheckOrganization(t *testing.T) {
	const mine = "The key belongs to Sandbox Org: set ATLAS_ORG_ID to 65a1b2c3d4e5f60718293a4b if that one is meant, or else make a key in the other."
	testSetups(t, map[string]setup{
		"it is another one": {
			func(l *checkEnv) { l.set("ATLAS_ORG_ID", "000000000000000000000001") },
			Finding{"atlas organization", NotOK, "Atlas shows the API key no organization 000000000000000000000001.", mine},
			[]Finding{{"atlas role", NotChecked, "The organization has to be found first.", ""}},
		},
		"it is closed to the key": {
			atlasAnswers("GET /orgs/{orgId}", 401, "USER_CANNOT_ACCESS_ORG"),
			Finding{"atlas organization", NotOK, "Atlas shows the API key no organization 65a1b2c3d4e5f60718293a4b.", mine}, nil,
		},
		"it does not require access lists": {
			func(l *checkEnv) { l.Atlas.SetRequireAccessList(false) },
			Finding{
				"atlas lists required", Warning, "The organization does not require access lists: a key without one works from everywhere. The bot puts one on every key.",
				"In Atlas, Organization Settings, switch on Require IP Access List for the Atlas Administration API.",
			}, nil,
		},
		"its settings are refused": {
			atlasAnswers("GET /orgs/{orgId}/settings", 402, "ACCOUNT_SUSPENDED"),
			Finding{"atlas lists required", NotChecked, "Atlas refuses with ACCOUNT_SUSPENDED (status 402).", "Look the code up in the Atlas Administration API's list of errors."}, nil,
		},
		"Atlas is busy": {
			func(l *checkEnv) {
				require.NoError(l.t, l.Wire.Set(wire.Fault{Side: wire.Atlas, Operation: "GET /", Mode: wire.RateLimited, RetryAfter: 60, Count: -1}))
			},
			Finding{"atlas login", NotChecked, "Atlas asks to wait.", "Try again in a minute."}, nil,
		},
	})
}
