package preflight

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"
)

// aliveTimeout bounds the call of [CheckAlive].
const aliveTimeout = 3 * time.Second

// CheckAlive asks /healthz of the bot on this machine that listens at the address
// listen. It returns nil if the bot is alive.
func CheckAlive(ctx context.Context, listen string) error {
	at, err := netip.ParseAddrPort(listen)
	if err != nil {
		return errors.New("LISTEN is no IP address with a port")
	}
	ctx, cancel := context.WithTimeout(ctx, aliveTimeout)
	defer cancel()
	res, err := getLocal(ctx, at, "/healthz")
	if err != nil {
		return fmt.Errorf("asking %s: %w", reachable(at), err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: it answered %d", reachable(at), res.StatusCode)
	}
	return nil
}

// reachable is an address at which a listener on at can be called.
func reachable(at netip.AddrPort) netip.AddrPort {
	if at.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port())
	}
	return at
}

// localClient calls programs on this machine. HTTP_PROXY is for other hosts.
var localClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func getLocal(ctx context.Context, at netip.AddrPort, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(at).String()+path, nil)
	if err != nil {
		return nil, err
	}
	return localClient.Do(req)
}

// askReady asks /readyz of the bot at an address. An error means that the program
// there is not a bot.
func askReady(ctx context.Context, at netip.AddrPort) (bool, error) {
	res, err := getLocal(ctx, at, "/readyz")
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	var said struct {
		Ready   *bool             `json:"ready"`
		Missing map[string]string `json:"missing"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&said); err != nil || said.Ready == nil || said.Missing == nil {
		return false, errors.New("the answer is not a bot's")
	}
	return *said.Ready, nil
}
