package preflight

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"atlaskeybot/internal/atlas"
	"atlaskeybot/internal/config"
)

// atlas makes every check of the bot's own credentials and their organizations.
func (c *checker) atlas(ctx context.Context) {
	c.runProbes(ctx, atlasProbes)
	c.forEachOrganization(ctx, atlasOrgProbes)
}

// reachAtlas calls Atlas without any credential.
func (c *checker) reachAtlas(ctx context.Context) {
	if config.CheckAtlasURL(c.config.AtlasBaseURL) != nil {
		c.stop("ATLAS_BASE_URL has to be corrected first.")
		c.skip(c.stopReason, "atlas connection", "atlas clock")
		return
	}
	if !c.reach(ctx, "atlas", "ATLAS_BASE_URL", strings.TrimSuffix(c.config.AtlasBaseURL, "/")+"/api/atlas/v2") {
		c.stop("Atlas was not reached.")
	}
}

func (c *checker) newAtlasClient(o config.Organization) (*atlas.Client, error) {
	return atlas.New(atlas.Config{
		BaseURL: c.config.AtlasBaseURL, OrgID: string(o.ID), Now: c.now, Timeout: callTimeout, Proxy: c.config.Proxy,
		Login: atlas.Digest{PublicKey: o.PublicKey, PrivateKey: o.PrivateKey},
	})
}

// login asks Atlas who the bot is in one organization.
func (c *checker) login(ctx context.Context) {
	const check = "atlas login"
	o := c.org
	if !config.IsOrgID(string(o.ID)) || o.PublicKey == "" || o.PrivateKey.IsZero() {
		c.stop(fmt.Sprintf("%s, %s and %s have to be set first.", o.Variable("ATLAS_ORG_ID"), o.Variable("ATLAS_PUBLIC_KEY"), o.Variable("ATLAS_PRIVATE_KEY")))
		c.skip(c.stopReason, check)
		return
	}
	var err error
	if c.api, err = c.connectAtlas(o); err != nil {
		c.stop("The ATLAS variables have to be corrected first.")
		c.skip(c.stopReason, check)
		return
	}
	c.status, err = c.api.Status(ctx)
	c.cause = err
	if err != nil {
		c.loginRefused(err)
		return
	}
	c.ok(check, fmt.Sprintf("Atlas accepts the API key %s.", o.PublicKey))
}

// loginRefused explains why Atlas did not accept the login. Atlas checks the address
// of the caller first, so a refused address leaves the rest unknown.
func (c *checker) loginRefused(err error) {
	addList := "At " + c.keysPage() + " edit the key, and add the bot's address to its access list."
	e, ok := errors.AsType[*atlas.Error](err)
	seen := ""
	if ok && e.Caller.IsValid() {
		seen = fmt.Sprintf(" Atlas sees the bot at %s.", e.Caller)
	}
	const why = "Atlas refuses the bot's address before it looks further."
	c.stop("") // each case has all the findings
	switch {
	case ok && strings.HasPrefix(e.Code, "ORG_REQUIRES_"):
		c.skip(why, "atlas login", "atlas organization", "atlas role", "atlas lists required")
		c.bad("atlas access list", "The organization requires an access list and the API key has none."+seen, addList)
		c.skip("There is no access list to be on.", "atlas address")
	case ok && e.Kind == atlas.InvalidCredential && e.Caller.IsValid():
		c.skip(why, "atlas login", "atlas organization", "atlas role", "atlas lists required", "atlas access list")
		c.bad("atlas address", "The bot's address is not on the access list of the API key."+seen, addList)
	case ok && e.Kind == atlas.InvalidCredential:
		c.bad("atlas login", fmt.Sprintf("Atlas does not accept %s and %s: one of them is wrong, or the key was deleted.", c.org.Variable("ATLAS_PUBLIC_KEY"), c.org.Variable("ATLAS_PRIVATE_KEY")),
			"Compare the public key at "+c.keysPage()+"; if the private key is lost, make a new one there.")
		c.stop("The login has to work first.")
	default:
		message, hint := AtlasProblem(c.config.AtlasBaseURL, err)
		c.unknown("atlas login", message, hint)
		c.stop("The login has to work first.")
	}
}

// organization checks that the key belongs to the organization, and otherwise names
// the organization that was probably meant. The start asks only if there are
// several credentials, which may have been swapped.
func (c *checker) organization(ctx context.Context) {
	const check = "atlas organization"
	if c.starting && len(c.config.Organizations) == 1 {
		return
	}
	org, err := c.api.Organization(ctx)
	c.cause = err
	switch kind := atlas.KindOf(err); {
	case err == nil && org.Deleted:
		c.bad(check, fmt.Sprintf("The organization %s (%s) was deleted.", org.Name, org.ID), "Set "+c.org.Variable("ATLAS_ORG_ID")+" to another one, and make a key there.")
	case err == nil:
		c.ok(check, fmt.Sprintf("It is %s (%s).", org.Name, org.ID))
		return
	case kind == atlas.Permanent || kind == atlas.InvalidCredential || kind == atlas.Gone:
		hint := "Set " + c.org.Variable("ATLAS_ORG_ID") + " to the id under Organization Settings of the organization that the key was made in."
		if mine, err := c.api.Organizations(ctx); err == nil && len(mine) > 0 {
			hint = fmt.Sprintf("The key belongs to %s: set %s to %s if that one is meant, or else make a key in the other.", mine[0].Name, c.org.Variable("ATLAS_ORG_ID"), mine[0].ID)
		}
		c.bad(check, fmt.Sprintf("Atlas shows the API key no organization %s.", c.org.ID), hint)
	default:
		message, hint := AtlasProblem(c.config.AtlasBaseURL, err)
		c.unknown(check, message, hint)
	}
	c.stop("The organization has to be found first.")
}

func (c *checker) role(context.Context) {
	const check = "atlas role"
	who := c.status
	switch roles := strings.Join(who.Roles, ", "); {
	case slices.Contains(who.Roles, "ORG_OWNER"):
		c.ok(check, "The API key has "+roles+".")
	case roles == "":
		c.unknown(check, "Atlas did not say which roles the API key has in the organization.", "See at "+c.keysPage()+" that it has Organization Owner.")
	default:
		c.bad(check, "The API key has "+roles+"; making and deleting keys needs ORG_OWNER.", "At "+c.keysPage()+" give it Organization Owner.")
	}
}

// listsRequired checks the setting that protects a key between its creation and its
// access list. The bot puts a list on every key in any case.
func (c *checker) listsRequired(ctx context.Context) {
	const check = "atlas lists required"
	settings, err := c.api.Settings(ctx)
	switch {
	case err != nil:
		message, hint := AtlasProblem(c.config.AtlasBaseURL, err)
		c.unknown(check, message, hint)
	case !settings.AccessListRequired:
		c.warn(check, "The organization does not require access lists: a key without one works from everywhere. The bot puts one on every key.",
			"In Atlas, Organization Settings, switch on Require IP Access List for the Atlas Administration API.")
	default:
		c.ok(check, "The organization requires an access list of every API key.")
	}
}

// accessList checks the access list of the bot's own key, and the address at which
// Atlas sees the bot.
func (c *checker) accessList(ctx context.Context) {
	const check = "atlas access list"
	add := "At " + c.keysPage() + " edit the key's access list."
	address, unseen := c.api.CallerAddress(ctx)
	if c.status.KeyID == "" {
		c.skip("Atlas did not say which key the bot logs in with.", check, "atlas address")
		return
	}
	entries, err := c.api.ListAccess(ctx, c.status.KeyID)
	if err != nil {
		message, hint := AtlasProblem(c.config.AtlasBaseURL, err)
		c.unknown(check, message, hint)
		c.skip("The access list could not be read.", "atlas address")
		return
	}
	switch {
	case len(entries) == 0:
		c.warn(check, "The bot's API key has no access list: if it is stolen, it works from everywhere.", add)
	case slices.ContainsFunc(entries, func(e atlas.Entry) bool { return e.From.Bits() == 0 }):
		c.warn(check, "The access list of the bot's API key has the whole internet on it.", add)
	default:
		c.ok(check, "The bot's API key works from "+networks(entries)+" only.")
	}
	c.addressSeen(entries, address, unseen)
}

// keysPage returns the URL of Atlas's page of the organization's API keys.
func (c *checker) keysPage() string { return c.config.KeysPages()[c.org.ID] }

func networks(entries []atlas.Entry) string {
	var all []string
	for _, e := range entries {
		name := e.From.String()
		if e.From.IsSingleIP() {
			name = e.From.Addr().String()
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// addressSeen warns at most: Atlas has answered, so the address is good now.
func (c *checker) addressSeen(entries []atlas.Entry, address netip.Addr, unseen error) {
	const check = "atlas address"
	listed := slices.ContainsFunc(entries, func(e atlas.Entry) bool { return e.From.Contains(address) })
	switch {
	case unseen != nil:
		c.unknown(check, "Atlas did not say where it sees the bot. It answers, so the address is good.", "")
	case len(entries) == 0 || listed:
		c.ok(check, fmt.Sprintf("Atlas sees the bot at %s.", address))
	default:
		c.warn(check, fmt.Sprintf("Atlas sees the bot at %s, which is not on the key's access list, and answers all the same.", address), "Expect it to be refused later: add the address to the list.")
	}
}
