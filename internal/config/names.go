package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// misspelledVariables finds variables that the bot does not read although the
// operator may expect it to. Those that begin like the variables of an organization
// abort the start; the others are warnings, since they may belong to another
// program. Values are not read.
func misspelledVariables(environ map[string]string, orgNames []string) (wrong []error, warnings []string) {
	var words []string
	for _, word := range orgNames {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		if ours, _ := isOurs(name); ours || environ[name] == "" || moved[name] != "" {
			continue
		}
		if why := wrongOrgVariable(name, words); why != "" {
			wrong = append(wrong, fmt.Errorf("%s is set, and %s", name, why))
		} else if meant := nearest(name, environ, words); meant != "" {
			warnings = append(warnings, fmt.Sprintf("%s is set, and the bot does not read it: is %s meant?", name, meant))
		}
	}
	return wrong, warnings
}

// wrongOrgVariable returns the problem of a variable that is meant for one of the
// organizations in words, or for one that ORGS does not name; "" if it is neither.
func wrongOrgVariable(name string, words []string) string {
	upper := strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	rest, isPrefixed := strings.CutPrefix(upper, "ORG_")
	if !isPrefixed {
		return ""
	}
	for _, word := range words {
		own, ok := strings.CutPrefix(rest, strings.ToUpper(word)+"_")
		if !ok {
			continue
		}
		if _, known := orgVariables[own]; known {
			return fmt.Sprintf("the bot reads %s: write it so", prefixOf(word)+own)
		}
		if moved[own] != "" {
			return fmt.Sprintf("%s moved to the policy file, as %s: set %sPOLICY_FILE", own, moved[own], prefixOf(word))
		}
		if _, common := botVariables[own]; common {
			return fmt.Sprintf("an organization has none of its own: %s, without %s, is for all of them", own, prefixOf(word))
		}
		if meant := closest(own, orgVariables); meant != "" {
			return fmt.Sprintf("the bot does not read it: is %s meant?", prefixOf(word)+meant)
		}
		return fmt.Sprintf("the bot does not read it: an organization has %s", strings.Join(slices.Sorted(maps.Keys(orgVariables)), ", "))
	}
	word, own, _ := strings.Cut(rest, "_")
	for known := range orgVariables {
		if known != "NAME" && (strings.HasSuffix(own, "_"+known) || closest(own, orgVariables) == known) {
			return fmt.Sprintf("ORGS does not name %s", strings.ToLower(word))
		}
	}
	return ""
}

// nearest returns the variable that a name that the bot does not read was probably
// meant to be, or "".
func nearest(name string, environ map[string]string, words []string) string {
	if meant := closest(name, botVariables); meant != "" {
		return meant
	}
	if meant, isFile := strings.CutSuffix(name, "_FILE"); isFile {
		if _, known := botVariables[meant]; known {
			return meant
		}
	}
	for _, word := range words { // PRODUCTION_ATLAS_ORG_ID
		for own := range orgVariables {
			if full := prefixOf(word) + own; own != "NAME" && strings.HasSuffix(joined(name), joined(word+own)) {
				return full
			}
		}
	}
	// Some words of one that is not set, as in SLACK_TOKEN or ATLAS_ORG.
	if !strings.HasPrefix(name, "SLACK_") && !strings.HasPrefix(name, "ATLAS_") {
		return ""
	}
	for _, known := range slices.Sorted(maps.Keys(botVariables)) {
		if environ[known] == "" && containsAll(strings.Split(known, "_"), strings.Split(name, "_")) {
			return known
		}
	}
	return ""
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// closest returns the known name that differs from name in two characters at most,
// in one if it is short, or in capitals and underscores alone.
func closest(name string, known map[string]bool) string {
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		allowed := 2
		if len(candidate) < 8 {
			allowed = 1
		}
		if joined(name) == joined(candidate) || len(name) > 3 && distance(strings.ToUpper(name), candidate) <= allowed {
			return candidate
		}
	}
	return ""
}

// joined returns a name without separators and in capitals.
func joined(name string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToUpper(name))
}

// distance is the number of edits between a and b: characters inserted, deleted,
// replaced, or swapped with their neighbor (optimal string alignment).
func distance(a, b string) int {
	var before, last, row []int
	for j := range len(b) + 1 {
		last = append(last, j)
	}
	for i := 1; i <= len(a); i++ {
		row = append([]int{}, i)
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			least := min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				least = min(least, before[j-2]+1)
			}
			row = append(row, least)
		}
		before, last = last, row
	}
	return last[len(b)]
}
