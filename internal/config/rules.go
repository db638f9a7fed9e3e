package config

// ReadRules reads the policy of the environment. Other variables may be missing: a
// reviewer of a policy need not hold tokens.
func ReadRules(environ map[string]string) (Config, []error) {
	c, _ := Read(environ) // problems of other variables do not matter here
	environ, problems := withReadableValues(environ)
	return c, append(problems, movedVariables(environ)...)
}
