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

// A key that is left out has the node nil. Methods that take a node and a base
// return base for nil.

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// document returns the root of the file, or nil after adding a problem. It
// refuses an empty file, because a truncated file is more likely than an operator
// who wants no rules.
func (r *reader) document(text []byte) *yaml.Node {
	if !r.checkVisible(text) {
		return nil
	}
	in := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	switch err := in.Decode(&first); {
	case errors.Is(err, io.EOF), err == nil && isNull(first.Content[0]):
		r.add(0, "it is empty: leave POLICY_FILE unset if the defaults suffice")
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
	line, message := 0, err.Error()
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	r.add(line, "this is not YAML: %s", message)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// is reports whether n is of kind, and adds a problem if not.
func (r *reader) is(n *yaml.Node, kind yaml.Kind, what, wanted string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.add(n.Line, "%s uses an anchor (& or *): write the value out, so that every reader sees it", what)
	case isNull(n):
		r.add(n.Line, "%s has no value: fill it in or leave it out", what)
	case n.Kind != kind:
		r.add(n.Line, "%s is not %s", what, wanted)
	default:
		return true
	}
	return false
}

// An entry is a key of a mapping with its value.
type entry struct {
	key   string
	at    *yaml.Node // the key's
	value *yaml.Node
}

// entries lists a mapping in the order of the file. A repeated key is a problem.
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
			r.add(key.Line, "%s is repeated: the first is in line %d", key.Value, all[before].at.Line)
			continue
		}
		all = append(all, entry{key.Value, key, value})
	}
	return all
}

// mapping reads a mapping. An unknown key is a problem.
func (r *reader) mapping(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	m := map[string]*yaml.Node{}
	for _, e := range r.entries(n, what) {
		switch {
		case slices.Contains(known, e.key):
			m[e.key] = e.value
		case renamed[e.key] != "":
			r.add(e.at.Line, "%s has no key %q: its name is now %s", what, e.key, renamed[e.key])
		default:
			r.add(e.at.Line, "%s has no key %q: there are %s", what, e.key, strings.Join(known, ", "))
		}
	}
	return m
}

// missing reports whether m lacks any of keys, and adds a problem for each.
func (r *reader) missing(at *yaml.Node, what string, m map[string]*yaml.Node, keys ...string) bool {
	lacking := false
	for _, key := range keys {
		lacking = r.problemIf(at, m[key] == nil, "%s has no %s", what, key) || lacking
	}
	return lacking
}

// list returns the items of a list, which may be empty.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if n == nil || !r.is(n, yaml.SequenceNode, what, "a list, as in [a, b]") {
		return nil
	}
	return n.Content
}

// scalar reads a value of one word or line, as written: YAML's types do not
// matter, so 010 and yes are text.
func (r *reader) scalar(n *yaml.Node, what string) (string, bool) {
	if !r.is(n, yaml.ScalarNode, what, "a single value") {
		return "", false
	}
	return n.Value, true
}

// scalars reads a list of words. A repeated word is a problem.
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

func (r *reader) boolean(n *yaml.Node, what string, base bool) bool {
	if n == nil {
		return base
	}
	word, ok := r.scalar(n, what)
	r.problemIf(n, ok && word != "true" && word != "false", "%s is %q: true or false", what, word)
	return word == "true"
}

func (r *reader) number(n *yaml.Node, what string, least, most, base int) int {
	if n == nil {
		return base
	}
	word, ok := r.scalar(n, what)
	if !ok {
		return base
	}
	number, err := strconv.Atoi(word)
	if r.problemIf(n, err != nil || number < least || number > most, "%s is %s: %d to %d", what, word, least, most) {
		return base
	}
	return number
}
