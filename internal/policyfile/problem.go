package policyfile

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"atlaskeybot/internal/plaintext"
)

// A Problem is one mistake in a file. Its message is a sentence for the author of
// that line, without the full stop, and is safe to print on a terminal.
type Problem struct {
	File    string
	Line    int // from 1; zero: the file as a whole
	Message string
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

func (r *reader) add(line int, format string, args ...any) {
	r.problems = append(r.problems, &Problem{r.file, line, plaintext.Show(fmt.Sprintf(format, args...))})
}

// problemIf adds a problem at n if bad is true, and returns bad.
func (r *reader) problemIf(n *yaml.Node, bad bool, format string, args ...any) bool {
	if bad {
		r.add(n.Line, format, args...)
	}
	return bad
}

// err joins all problems, in the order of lines.
func (r *reader) err() error {
	slices.SortStableFunc(r.problems, func(a, b *Problem) int { return a.Line - b.Line })
	all := make([]error, len(r.problems))
	for i, p := range r.problems {
		all[i] = p
	}
	return errors.Join(all...)
}
