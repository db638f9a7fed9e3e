package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// health asks the bot on this machine, at LISTEN, whether it is alive: a
// container has no other program that could.
func (p process) health(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	at, err := netip.ParseAddrPort(cmp.Or(unquote(p.environ["LISTEN"]), defaultListen))
	if err != nil {
		return errors.New("LISTEN is no IP address with a port")
	}
	host := at.Addr()
	if host.IsUnspecified() {
		host = netip.MustParseAddr("127.0.0.1")
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	address := net.JoinHostPort(host.String(), fmt.Sprint(at.Port()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := direct.Do(req)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: it answered %d", address, res.StatusCode)
	}
	return nil
}

// direct calls what is on this machine. HTTP_PROXY is for what is elsewhere.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
