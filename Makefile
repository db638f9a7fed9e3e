# The two commands that matter need no make; the rest is for developers.

STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

sandbox: ## try the bot on this machine, without any account
	go run ./cmd/sandbox

test: ## run every test
	go test ./...

short: ## run every test with fewer rounds
	go test -short ./...

race: ## run every test under the race detector (needs a C compiler)
	go test -race ./...

check: ## everything that must hold before a commit
	test -z "$$(gofmt -l .)"
	go mod tidy -diff
	go vet ./...
	$(STATICCHECK) ./...
	go test ./...

bench: ## measure the bot, and write the figures into docs/ (on a machine that does nothing else)
	go run ./cmd/bench --docs docs

golden: ## write the golden files again; read the diff before you commit it
	UPDATE=1 go test ./internal/...

build: ## build a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o atlas-key-bot ./cmd/bot

.PHONY: help sandbox test short race check bench golden build
