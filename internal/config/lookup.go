package config

import (
	"cmp"
	"os"

	"github.com/caarlos0/env/v11"
)

// Defaults of LISTEN, DATABASE_URL and SLACK_COMMAND, for commands that read
// nothing else.
const (
	defaultListen   = "127.0.0.1:8080"
	DefaultDatabase = "sqlite:atlas-key-bot.db"
	defaultCommand  = "/atlas-key"
)

// Environ returns the environment of this process. Nothing else reads it.
func Environ() map[string]string { return env.ToMap(os.Environ()) }

// Value returns a variable without the quotes that may surround it.
func Value(environ map[string]string, name string) string { return Unquote(environ[name]) }

// DatabaseURL returns DATABASE_URL or its default.
func DatabaseURL(environ map[string]string) string {
	return cmp.Or(Value(environ, "DATABASE_URL"), DefaultDatabase)
}

// Listen returns LISTEN or its default.
func Listen(environ map[string]string) string {
	return cmp.Or(Value(environ, "LISTEN"), defaultListen)
}

// SlackCommand returns SLACK_COMMAND or its default.
func SlackCommand(environ map[string]string) string {
	return cmp.Or(Value(environ, "SLACK_COMMAND"), defaultCommand)
}

// unquote takes off one pair of outer quotes.
func Unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
}
