package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"atlaskeybot/internal/approval/policy"
	"atlaskeybot/internal/policyfile"
	"atlaskeybot/internal/secret"
)

// OrgVariables are those of one organization. Of several, each has them with a
// prefix of its own; the last three can be had in common. (The name begins with
// a capital so that the fields can be filled in.)
type OrgVariables struct {
	// AtlasOrgID, AtlasPublicKey and AtlasPrivateKey are the bot's own
	// credential: an API key of that organization with the role Organization
	// Owner, which is what Atlas wants of whoever makes keys.
	AtlasOrgID      string        `env:"ATLAS_ORG_ID"`
	AtlasPublicKey  string        `env:"ATLAS_PUBLIC_KEY"`
	AtlasPrivateKey secret.Secret `env:"ATLAS_PRIVATE_KEY,unset"`

	// SlackApprovalChannel is the ID of the channel that approvers watch.
	SlackApprovalChannel string `env:"SLACK_APPROVAL_CHANNEL"`

	// SlackApprovers are user IDs (U…, W…) and user group IDs (S…). A policy file
	// with approvals needs none.
	SlackApprovers []string `env:"SLACK_APPROVERS"`

	// PolicyFile is a file with the rules of the organization; see docs/policy.md.
	PolicyFile string `env:"POLICY_FILE"`
}

// prefixedVariables are those of one organization of several.
type prefixedVariables struct {
	OrgVariables

	// Name is what people read; left out, it is the organization's word of ORGS.
	Name string `env:"NAME"`
}

// An organization is one that the bot serves.
type organization struct {
	prefix     string // of its variables, as in ORG_PRODUCTION_; empty: it is the only one
	id         policy.OrgID
	name       string // as people read it
	publicKey  string
	privateKey secret.Secret
	channel    string
	approvers  policy.Principals // of the environment
	policyFile string            // empty: the environment has the rules

	// channelVariable and approversVariable are where the two were read from: they
	// may be had in common.
	channelVariable   string
	approversVariable string

	policy policy.Policy
}

// variable is how the operator knows one of OrgVariables.
func (o organization) variable(name string) string { return o.prefix + name }

// is reports whether the organization is meant by a word: its id, its name, or
// its word of ORGS.
func (o organization) is(word string) bool {
	return word != "" && (word == string(o.id) || strings.EqualFold(word, o.name) || strings.EqualFold("ORG_"+word+"_", o.prefix))
}

var (
	orgWord  = regexp.MustCompile(`^[a-z0-9]{1,20}$`)
	orgTitle = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._&()/-]{0,39}$`)
	orgOwn   = regexp.MustCompile(`^ORG_([A-Z0-9]+)_(ATLAS_ORG_ID|ATLAS_PUBLIC_KEY|ATLAS_PRIVATE_KEY|SLACK_APPROVAL_CHANNEL|SLACK_APPROVERS|POLICY_FILE)$`)
)

// readOrganizations fills in c.organizations, and returns what is wrong.
func (c *Config) readOrganizations(environ map[string]string) []error {
	r := &orgReader{config: c, environ: environ}
	words := r.words()
	if len(c.OrgNames) == 0 {
		r.add("", prefixedVariables{OrgVariables: c.OrgVariables, Name: c.AtlasOrgName})
	}
	for _, word := range words {
		r.addPrefixed(word)
	}
	r.strangers(words)
	r.doubles()
	return r.errs
}

// An orgReader is the variables of organizations being read.
type orgReader struct {
	config  *Config
	environ map[string]string
	errs    []error
}

func (r *orgReader) wrong(bad bool, format string, args ...any) {
	if bad {
		r.errs = append(r.errs, fmt.Errorf(format, args...))
	}
}

// words reads ORGS, with which what is one organization's own needs a prefix.
func (r *orgReader) words() []string {
	var words []string
	for _, word := range r.config.OrgNames {
		word = strings.TrimSpace(word)
		r.wrong(!orgWord.MatchString(word), "ORGS has %q: it wants short words of lower-case letters and digits, as in production,staging", word)
		r.wrong(slices.Contains(words, word), "ORGS has %s twice", word)
		if orgWord.MatchString(word) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return nil
	}
	r.wrong(len(words) > 100, "ORGS has %d organizations: at most 100, since Slack shows no more in a menu", len(words))
	for name, own := range map[string]string{"ATLAS_ORG_ID": "ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY": "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY": "ATLAS_PRIVATE_KEY", "ATLAS_ORG_NAME": "NAME"} {
		r.wrong(r.environ[name] != "", "%s is set, and so is ORGS: each of several organizations has its own, as in %s%s", name, prefixOf(words[0]), own)
	}
	return words
}

func prefixOf(word string) string { return "ORG_" + strings.ToUpper(word) + "_" }

// addPrefixed adds one organization of several.
func (r *orgReader) addPrefixed(word string) {
	prefix := prefixOf(word)
	var v prefixedVariables
	r.errs = append(r.errs, inOperatorsNames(env.ParseWithOptions(&v, env.Options{Environment: r.environ, Prefix: prefix}), prefix)...)
	v.Name = cmp.Or(v.Name, strings.ToUpper(word[:1])+word[1:])
	v.SlackApprovalChannel = cmp.Or(v.SlackApprovalChannel, r.config.SlackApprovalChannel)
	v.PolicyFile = cmp.Or(v.PolicyFile, r.config.PolicyFile)
	if len(v.SlackApprovers) == 0 {
		v.SlackApprovers = r.config.SlackApprovers
	}
	r.add(prefix, v)
}

// add adds one organization, with its rules.
func (r *orgReader) add(prefix string, v prefixedVariables) {
	o := organization{
		prefix: prefix, id: policy.OrgID(v.AtlasOrgID), name: v.Name,
		publicKey: v.AtlasPublicKey, privateKey: v.AtlasPrivateKey,
		channel: v.SlackApprovalChannel, approvers: whoOf(v.SlackApprovers), policyFile: v.PolicyFile,
		channelVariable: r.source(prefix, "SLACK_APPROVAL_CHANNEL"), approversVariable: r.source(prefix, "SLACK_APPROVERS"),
	}
	r.credential(o)
	r.people(o, v.SlackApprovers)
	o.policy = r.config.policy(o.approvers)
	if o.policyFile != "" {
		var err error
		o.policy, err = policyfile.Read(o.policyFile, o.policy)
		r.errs = append(r.errs, problemsOf(err)...)
	} else if len(v.SlackApprovers) == 0 {
		r.unset("", "SLACK_APPROVERS")
	}
	r.config.organizations = append(r.config.organizations, o)
}

// problemsOf takes apart what was joined.
func problemsOf(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (r *orgReader) credential(o organization) {
	for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
		r.unset(o.prefix, name)
	}
	id := string(o.id)
	r.wrong(id != "" && !orgID.MatchString(id), "%s is %q: it is 24 hexadecimal digits (Organization Settings)", o.variable("ATLAS_ORG_ID"), id)
	r.wrong(strings.Count(o.publicKey, "-") == 4, "%s looks like a private key: were the two swapped?", o.variable("ATLAS_PUBLIC_KEY"))
	name := "ATLAS_ORG_NAME"
	if o.prefix != "" {
		name = o.variable("NAME")
	}
	r.wrong(!orgTitle.MatchString(o.name) || credential.MatchString(o.name), "%s is %q: up to 40 letters, digits, spaces and simple signs, which everybody reads", name, o.name)
}

// people checks who is asked, and where.
func (r *orgReader) people(o organization, approvers []string) {
	if o.channel == "" {
		r.unset("", "SLACK_APPROVAL_CHANNEL")
	}
	r.wrong(o.channel != "" && !channelID.MatchString(o.channel), "%s is %q: it wants the channel's ID, like C0123ABCDEF (About, at the bottom of the channel's details)", o.channelVariable, o.channel)
	for _, a := range approvers {
		r.wrong(!approverID.MatchString(strings.TrimSpace(a)), "%s has %q: it wants user IDs (U… or W…) and user group IDs (S…), separated by commas", o.approversVariable, a)
	}
}

// source names the variable that a value was read from, of those that may be
// had in common.
func (r *orgReader) source(prefix, name string) string {
	if r.environ[prefix+name] != "" {
		return prefix + name
	}
	return name
}

// unset says that a variable has no value, if so.
func (r *orgReader) unset(prefix, name string) {
	value, set := r.environ[prefix+name]
	r.wrong(!set, "%s is not set", prefix+name)
	r.wrong(set && value == "", "%s is empty", prefix+name)
}

// strangers finds variables of organizations that ORGS does not name: somebody
// expects them to be served.
func (r *orgReader) strangers(words []string) {
	told := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(r.environ)) {
		m := orgOwn.FindStringSubmatch(name)
		if m == nil || slices.Contains(words, strings.ToLower(m[1])) || told[m[1]] {
			continue
		}
		told[m[1]] = true
		r.wrong(true, "%s is set, and ORGS does not name %s", name, strings.ToLower(m[1]))
	}
}

// doubles finds organizations that are one, or that people could not tell apart.
func (r *orgReader) doubles() {
	for i, o := range r.config.organizations {
		for _, before := range r.config.organizations[:i] {
			r.wrong(o.id != "" && o.id == before.id, "%s and %s are the same organization", before.variable("ATLAS_ORG_ID"), o.variable("ATLAS_ORG_ID"))
			r.wrong(o.publicKey != "" && o.publicKey == before.publicKey, "%s and %s are the same key: a key is of one organization", before.variable("ATLAS_PUBLIC_KEY"), o.variable("ATLAS_PUBLIC_KEY"))
			r.wrong(strings.EqualFold(o.name, before.name), "two organizations are named %s (%s, %s): people could not tell them apart", o.name, before.variable("NAME"), o.variable("NAME"))
		}
	}
}
