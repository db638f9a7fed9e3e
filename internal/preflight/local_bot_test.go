package preflight

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckAliveUsesNoProxy(t *testing.T) {
	// HTTP_PROXY of the process itself: only an address of this machine that is
	// not a loopback one would be asked through it.
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	asked := false
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked = true; w.WriteHeader(http.StatusBadGateway) }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	require.Nil(t, localClient.Transport.(*http.Transport).Proxy)
	for _, a := range addresses {
		network, ok := a.(*net.IPNet)
		if !ok || network.IP.To4() == nil {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(network.IP.String(), "0"))
		if err != nil {
			continue
		}
		server := &http.Server{Handler: answers("ok\n")}
		go server.Serve(listener)
		err = CheckAlive(t.Context(), listener.Addr().String())
		server.Close()
		require.NoError(t, err)
	}
	require.False(t, asked)
}
