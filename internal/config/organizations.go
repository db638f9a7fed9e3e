package config

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
	// AtlasOrgID, AtlasPublicKey and AtlasPrivateKey are the bot's own credential:
	// an API key of that organization with the role Organization Owner, which Atlas
	// requires to create keys.
	AtlasOrgID      string        `env:"ATLAS_ORG_ID"`
	AtlasPublicKey  string        `env:"ATLAS_PUBLIC_KEY"`
	AtlasPrivateKey secret.Secret `env:"ATLAS_PRIVATE_KEY,unset"`

	// SlackApprovalChannel is the ID of the channel that approvers watch.
	SlackApprovalChannel string `env:"SLACK_APPROVAL_CHANNEL"`

	// SlackApprovers are user IDs (U…, W…) and user group IDs (S…), one of whom has
	// to approve. A policy file with required approvals needs none.
	SlackApprovers []string `env:"SLACK_APPROVERS"`

	// PolicyFile is a file with the rules of the organization, see docs/policy.md.
	// Without it the default policy applies.
	PolicyFile string `env:"POLICY_FILE"`
}

// prefixedVariables are those of one organization of several.
type prefixedVariables struct {
	OrgVariables

	// Name is what people read; left out, it is the organization's word of ORGS.
	Name string `env:"NAME"`
}

// An Organization is one that the bot serves.
type Organization struct {
	Prefix     string // of its variables, as in ORG_PRODUCTION_; empty: it is the only one
	ID         policy.OrgID
	Name       string // as people read it
	PublicKey  string
	PrivateKey secret.Secret
	Channel    string
	Approvers  policy.Principals // of the environment
	PolicyFile string            // empty: the default policy applies

	// ChannelVariable and ApproversVariable are where the two were read from: they
	// may be had in common.
	ChannelVariable   string
	ApproversVariable string

	Policy policy.Policy
}

// Variable is how the operator knows one of OrgVariables.
func (o Organization) Variable(name string) string { return o.Prefix + name }

// Matches reports whether the organization is meant by a word: its id, its name, or
// its word of ORGS.
func (o Organization) Matches(word string) bool {
	return word != "" && (word == string(o.ID) || strings.EqualFold(word, o.Name) || strings.EqualFold("ORG_"+word+"_", o.Prefix))
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
	r.unknownVariables(words)
	r.duplicates()
	return r.errs
}

// An orgReader is the variables of organizations being read.
type orgReader struct {
	config  *Config
	environ map[string]string
	errs    []error
}

func (r *orgReader) problemIf(bad bool, format string, args ...any) {
	if bad {
		r.errs = append(r.errs, fmt.Errorf(format, args...))
	}
}

// words reads ORGS, with which what is one organization's own needs a prefix.
func (r *orgReader) words() []string {
	var words []string
	for _, word := range r.config.OrgNames {
		word = strings.TrimSpace(word)
		r.problemIf(!orgWord.MatchString(word), "ORGS has %q: it wants short words of lower-case letters and digits, as in production,staging", word)
		r.problemIf(slices.Contains(words, word), "ORGS has %s twice", word)
		if orgWord.MatchString(word) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return nil
	}
	r.problemIf(len(words) > 100, "ORGS has %d organizations: at most 100, since Slack shows no more in a menu", len(words))
	for name, own := range map[string]string{"ATLAS_ORG_ID": "ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY": "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY": "ATLAS_PRIVATE_KEY", "ATLAS_ORG_NAME": "NAME"} {
		r.problemIf(r.environ[name] != "", "%s is set, and so is ORGS: each of several organizations has its own, as in %s%s", name, prefixOf(words[0]), own)
	}
	return words
}

func prefixOf(word string) string { return "ORG_" + strings.ToUpper(word) + "_" }

// addPrefixed adds one organization of several.
func (r *orgReader) addPrefixed(word string) {
	prefix := prefixOf(word)
	var v prefixedVariables
	r.errs = append(r.errs, withVariableNames(env.ParseWithOptions(&v, env.Options{Environment: r.environ, Prefix: prefix}), prefix)...)
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
	o := Organization{
		Prefix: prefix, ID: policy.OrgID(v.AtlasOrgID), Name: v.Name,
		PublicKey: v.AtlasPublicKey, PrivateKey: v.AtlasPrivateKey,
		Channel: v.SlackApprovalChannel, Approvers: ParsePrincipals(v.SlackApprovers), PolicyFile: v.PolicyFile,
		ChannelVariable: r.source(prefix, "SLACK_APPROVAL_CHANNEL"), ApproversVariable: r.source(prefix, "SLACK_APPROVERS"),
	}
	r.credential(o)
	r.people(o, v.SlackApprovers)
	o.Policy = policyfile.Default(o.Approvers)
	if o.PolicyFile != "" {
		var err error
		o.Policy, err = policyfile.Read(o.PolicyFile, o.Policy)
		r.errs = append(r.errs, SplitErrors(err)...)
	} else if len(v.SlackApprovers) == 0 {
		r.unset("", "SLACK_APPROVERS")
	}
	r.config.Organizations = append(r.config.Organizations, o)
}

// SplitErrors takes apart what was joined.
func SplitErrors(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (r *orgReader) credential(o Organization) {
	for _, name := range []string{"ATLAS_ORG_ID", "ATLAS_PUBLIC_KEY", "ATLAS_PRIVATE_KEY"} {
		r.unset(o.Prefix, name)
	}
	id := string(o.ID)
	r.problemIf(id != "" && !IsOrgID(id), "%s is %q: it is 24 hexadecimal digits (Organization Settings)", o.Variable("ATLAS_ORG_ID"), id)
	r.problemIf(strings.Count(o.PublicKey, "-") == 4, "%s looks like a private key: were the two swapped?", o.Variable("ATLAS_PUBLIC_KEY"))
	name := "ATLAS_ORG_NAME"
	if o.Prefix != "" {
		name = o.Variable("NAME")
	}
	r.problemIf(!orgTitle.MatchString(o.Name) || credential.MatchString(o.Name), "%s is %q: up to 40 letters, digits, spaces and simple signs, since people read it", name, o.Name)
}

// people checks the approvers and their channel.
func (r *orgReader) people(o Organization, approvers []string) {
	if o.Channel == "" {
		r.unset("", "SLACK_APPROVAL_CHANNEL")
	}
	r.problemIf(o.Channel != "" && !IsChannelID(o.Channel), "%s is %q: it wants the channel's ID, like C0123ABCDEF (About, at the bottom of the channel's details)", o.ChannelVariable, o.Channel)
	for _, a := range approvers {
		r.problemIf(!IsApproverID(strings.TrimSpace(a)), "%s has %q: it wants user IDs (U… or W…) and user group IDs (S…), separated by commas", o.ApproversVariable, a)
	}
}

// source returns the name of the variable that a value was read from: the
// organization's own, or the shared one.
func (r *orgReader) source(prefix, name string) string {
	if r.environ[prefix+name] != "" {
		return prefix + name
	}
	return name
}

// unset adds a problem if a variable has no value.
func (r *orgReader) unset(prefix, name string) {
	value, set := r.environ[prefix+name]
	r.problemIf(!set, "%s is not set", prefix+name)
	r.problemIf(set && value == "", "%s is empty", prefix+name)
}

// unknownVariables finds variables of organizations that ORGS does not name: the
// operator expects the bot to serve them.
func (r *orgReader) unknownVariables(words []string) {
	told := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(r.environ)) {
		m := orgOwn.FindStringSubmatch(name)
		if m == nil || slices.Contains(words, strings.ToLower(m[1])) || told[m[1]] {
			continue
		}
		told[m[1]] = true
		r.problemIf(true, "%s is set, and ORGS does not name %s", name, strings.ToLower(m[1]))
	}
}

// duplicates finds two organizations that are the same, or that have one name.
func (r *orgReader) duplicates() {
	for i, o := range r.config.Organizations {
		for _, before := range r.config.Organizations[:i] {
			r.problemIf(o.ID != "" && o.ID == before.ID, "%s and %s are the same organization", before.Variable("ATLAS_ORG_ID"), o.Variable("ATLAS_ORG_ID"))
			r.problemIf(o.PublicKey != "" && o.PublicKey == before.PublicKey, "%s and %s are the same key: a key is of one organization", before.Variable("ATLAS_PUBLIC_KEY"), o.Variable("ATLAS_PUBLIC_KEY"))
			r.problemIf(strings.EqualFold(o.Name, before.Name), "two organizations are named %s (%s, %s): people could not tell them apart", o.Name, before.Variable("NAME"), o.Variable("NAME"))
		}
	}
}
