package preflight

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// database checks the database. It does not create one that is missing: an empty
// database in the wrong directory is not a fresh installation.
func (c *checker) database(ctx context.Context) {
	const check = "database"
	if !strings.HasPrefix(c.config.DatabaseURL, "sqlite:") {
		c.skip("DATABASE_URL has to be corrected first.", check)
		return
	}
	found, err := c.inspect(ctx, c.config.DatabaseURL)
	c.cause = errors.Join(err, found.Wrong)
	switch {
	case err != nil:
		c.bad(check, sentence(err.Error()), "Correct DATABASE_URL, or what it points at.")
	case found.Path == "":
		c.warn(check, "It is in memory: a restart forgets every request, and keys that were made are not deleted when they end.", "Set DATABASE_URL to a file: sqlite:PATH.")
	case !found.Exists:
		c.newDatabase(found.Path)
	case found.Wrong != nil:
		c.bad(check, sentence(found.Path+": "+found.Wrong.Error()), "Stop the bot, and put a backup in its place with 'atlas-key-bot restore FILE'. The damaged file is kept.")
	case len(found.Unreadable) > 0:
		c.bad(check, found.Path+" has requests that are "+DescribeUnreadable(found.Unreadable)+".", "Stop the bot, and put a backup in its place with 'atlas-key-bot restore FILE', or look after these requests' keys in Atlas; every other request works.")
	case found.InUse:
		c.ok(check, found.Path+" is in use by a bot and can be read. End that bot before you start another one.")
	case found.Older:
		c.ok(check, found.Path+" can be written. It is of an earlier version; the next start brings it up to date, so make a backup.")
	default:
		c.ok(check, found.Path+" can be read and written.")
	}
}

func (c *checker) newDatabase(path string) {
	const check = "database"
	probe, err := os.CreateTemp(filepath.Dir(path), ".atlas-key-bot-check-*")
	if err != nil {
		c.bad(check, fmt.Sprintf("There is no %s yet, and this user may not make one there.", path), "Let the bot's user write the directory, or name another one in DATABASE_URL.")
		return
	}
	probe.Close()
	os.Remove(probe.Name())
	c.ok(check, fmt.Sprintf("There is no %s yet; the first start makes it.", path))
}

// listenAddress listens on LISTEN for a moment.
func (c *checker) listenAddress(ctx context.Context) {
	const check = "listen address"
	at, err := netip.ParseAddrPort(c.config.Listen)
	if err != nil {
		c.skip("LISTEN has to be corrected first.", check)
		return
	}
	listener, err := net.Listen("tcp", c.config.Listen)
	switch {
	case err == nil:
		listener.Close()
		c.ok(check, c.config.Listen+" is free.")
	case errors.Is(err, syscall.EADDRINUSE):
		c.addressInUse(ctx, at)
	case errors.Is(err, fs.ErrPermission):
		c.bad(check, "This user may not listen on "+c.config.Listen+".", "Choose a port of 1024 or above in LISTEN.")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		c.bad(check, "This machine has no address "+at.Addr().String()+".", "Correct LISTEN; 0.0.0.0 is every address, 127.0.0.1 this machine alone.")
	default:
		c.bad(check, "It is not possible to listen on "+c.config.Listen+".", "Choose another address in LISTEN.")
	}
}

// addressInUse asks the program that listens whether it is a bot.
func (c *checker) addressInUse(ctx context.Context, at netip.AddrPort) {
	const check = "listen address"
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	ready, err := askReady(ctx, at)
	switch {
	case err != nil:
		c.bad(check, "Another program listens on "+c.config.Listen+".", "End it, or choose another address in LISTEN.")
	case !ready:
		c.warn(check, "A bot that is not ready listens on "+c.config.Listen+".", "Ask its /readyz what it waits for. End it before you start another one.")
	default:
		c.ok(check, "A bot that is ready listens on "+c.config.Listen+" already. End it before you start another one.")
	}
}
