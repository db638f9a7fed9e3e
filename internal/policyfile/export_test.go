package policyfile

import "regexp"

// commentedOut matches a line of the default file that shows an example: after the
// number sign there is no space, or an indentation.
var commentedOut = regexp.MustCompile(`(?m)^#(\S|  )`)

// Uncommented returns the default file with all of its examples.
func Uncommented() []byte { return commentedOut.ReplaceAll(defaultFile, []byte("$1")) }
