package policyfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What is left out has no node: every method that takes a node and a value to
// stay returns that value for nil.

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// document returns what the file holds, or nil if that is no YAML, nothing, or
// more than one document. An empty file is refused: it is rather one that was
// cut off than a wish for no rules.
func (r *reader) document(text []byte) *yaml.Node {
	if !r.legible(text) {
		return nil
	}
	in := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	switch err := in.Decode(&first); {
	case errors.Is(err, io.EOF), err == nil && isNull(first.Content[0]):
		r.add(0, "it is empty: leave POLICY_FILE away if there are no rules")
		return nil
	case err != nil:
		r.addYAML(err)
		return nil
	}
	if err := in.Decode(&second); !errors.Is(err, io.EOF) {
		r.add(max(second.Line, 1), "there is more than one document: write one, without ---")
		return nil
	}
	return first.Content[0]
}

func (r *reader) addYAML(err error) {
	line, says := 0, err.Error()
	if m := yamlLine.FindStringSubmatch(says); m != nil {
		line, _ = strconv.Atoi(m[1])
		says = m[2]
	}
	r.add(line, "this is not YAML: %s", says)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// is reports whether n is of a kind, and says so if not.
func (r *reader) is(n *yaml.Node, kind yaml.Kind, what, wanted string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.add(n.Line, "%s uses an anchor (& or *): write it out, so that everybody can read it", what)
	case isNull(n):
		r.add(n.Line, "%s is empty: fill it in or leave it away", what)
	case n.Kind != kind:
		r.add(n.Line, "%s is not %s", what, wanted)
	default:
		return true
	}
	return false
}

// An entry is a key with its value.
type entry struct {
	key   string
	at    *yaml.Node // the key's
	value *yaml.Node
}

// entries lists a mapping in the order of the file, each key once.
func (r *reader) entries(n *yaml.Node, what string) []entry {
	if n == nil || !r.is(n, yaml.MappingNode, what, "a list of keys with values, as in key: value") {
		return nil
	}
	var all []entry
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !r.is(key, yaml.ScalarNode, "a key of "+what, "a plain word") {
			continue
		}
		if before := slices.IndexFunc(all, func(e entry) bool { return e.key == key.Value }); before >= 0 {
			r.add(key.Line, "%s is here a second time: the first is in line %d", key.Value, all[before].at.Line)
			continue
		}
		all = append(all, entry{key.Value, key, value})
	}
	return all
}

// mapping reads a mapping of which every key is known.
func (r *reader) mapping(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	m := map[string]*yaml.Node{}
	for _, e := range r.entries(n, what) {
		if slices.Contains(known, e.key) {
			m[e.key] = e.value
		} else {
			r.add(e.at.Line, "%s has no key %q: there are %s", what, e.key, strings.Join(known, ", "))
		}
	}
	return m
}

// missing says of keys that must be there which are not.
func (r *reader) missing(at *yaml.Node, what string, m map[string]*yaml.Node, keys ...string) bool {
	gap := false
	for _, key := range keys {
		gap = r.problemIf(at, m[key] == nil, "%s has no %s", what, key) || gap
	}
	return gap
}

// list lists the items, which may be none.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil || !r.is(n, yaml.SequenceNode, what, "a list, as in [a, b]") {
		return nil
	}
	return n.Content
}

// scalar reads a value of one word or line. It is not looked at how YAML takes it:
// 010 and yes are what they say.
func (r *reader) scalar(n *yaml.Node, what string) (string, bool) {
	if !r.is(n, yaml.ScalarNode, what, "a single value") {
		return "", false
	}
	return n.Value, true
}

// scalars reads a list of words, each of them once.
func (r *reader) scalars(n *yaml.Node, what string) []*yaml.Node {
	var all []*yaml.Node
	for _, item := range r.list(n, what) {
		word, ok := r.scalar(item, "an entry of "+what)
		if !ok {
			continue
		}
		again := slices.ContainsFunc(all, func(o *yaml.Node) bool { return o.Value == word })
		if !r.problemIf(item, again, "%s has %s twice", what, word) {
			all = append(all, item)
		}
	}
	return all
}

func (r *reader) boolean(n *yaml.Node, what string, stay bool) bool {
	if n == nil {
		return stay
	}
	word, ok := r.scalar(n, what)
	r.problemIf(n, ok && word != "true" && word != "false", "%s is %q: true or false", what, word)
	return word == "true"
}

func (r *reader) number(n *yaml.Node, what string, least, most, stay int) int {
	if n == nil {
		return stay
	}
	word, ok := r.scalar(n, what)
	if !ok {
		return stay
	}
	number, err := strconv.Atoi(word)
	if r.problemIf(n, err != nil || number < least || number > most, "%s is %s: %d to %d", what, word, least, most) {
		return stay
	}
	return number
}
