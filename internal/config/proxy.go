package config

import (
	"atlaskeybot/internal/proxy"
)

// proxyVariables are those that programs in Go read, in both spellings.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"}

// readProxy reads which calls go through a proxy.
func (c *Config) readProxy(environ map[string]string) []error {
	meant := map[string]string{}
	for _, name := range proxyVariables {
		meant[name] = Unquote(environ[name])
	}
	var problems []error
	c.Proxy, problems = proxy.FromEnvironment(meant)
	for _, all := range []string{"ALL_PROXY", "all_proxy"} {
		if environ[all] != "" && meant["HTTPS_PROXY"] == "" && meant["https_proxy"] == "" {
			c.Warnings = append(c.Warnings, all+" is set, and the bot does not read it: is HTTPS_PROXY meant?")
		}
	}
	return problems
}
