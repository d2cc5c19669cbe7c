package serve

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// A service without tokens trusts everybody who can reach it. On loopback these are the users of the host,
// and the pages that their browsers show: those of other sites are kept out here.

// origins refuses what a page of another site has its reader's browser ask.
var origins = http.NewCrossOriginProtection()

// checkOrigin refuses a request that changes something and that a page of another origin makes. Answers to
// other requests cannot be read by such a page, for they allow no origin.
func checkOrigin(r *http.Request) error {
	if origins.Check(r) != nil {
		return crossSite.problem("the request comes from a page of another origin")
	}
	return nil
}

// checkHost refuses a name that is not loopback's own, under which a page of another site could have become
// one of this service by changing what its name means (DNS rebinding).
func checkHost(r *http.Request) error {
	if !isLoopback(r.Host) {
		return wrongHost.problem("without tokens only localhost and addresses of loopback are served")
	}
	return nil
}

// isLoopback says whether a host, with a port or without, means this machine whoever is asked.
func isLoopback(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
