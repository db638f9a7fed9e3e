package config

// ReadRules reads what the environment says of rules. The rest of it may be
// missing: a reviewer of rules need not hold tokens.
func ReadRules(environ map[string]string) (Config, []error) {
	c, _ := Read(environ) // problems of other variables do not matter here
	environ, problems := withReadableValues(environ)
	return c, append(problems, movedVariables(environ)...)
}
