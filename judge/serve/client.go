package serve

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"judge/judge/queue"
)

// client is who asks.
type client struct {
	Token        // of a service without tokens: an administrator without a name
	use   *usage // shared by all requests of the name
}

// sees says whether a client may know of a submission.
func (c *client) sees(owner string) bool { return c.Admin || c.Name == owner }

// may says whether a client may submit with a priority.
func (c *client) may(p queue.Priority) bool { return c.Priority == "" || !p.Above(c.Priority) }

// usage is what a client uses at this time.
type usage struct {
	requests *rate.Limiter
	running  atomic.Int64
	streams  atomic.Int64
	memory   atomic.Int64 // bytes of bodies
	uploads  uploads
	loads    chan struct{} // tokens of those who load a task
	reports  chan struct{} // the same for reports
}

// clients finds out who asks.
type clients struct {
	tokens atomic.Pointer[Tokens] // nil: everybody may ask
	mu     sync.Mutex
	usages map[string]*usage // by name
}

// of returns whose request it is.
func (c *clients) of(r *http.Request) (*client, error) {
	tokens := c.tokens.Load()
	if tokens == nil {
		all := Token{Admin: true, Limits: DefaultLimits}
		all.Limits.Rate, all.Limits.Open = 0, 0
		return &client{all, c.usage(all)}, nil
	}
	scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, noToken.problem("want a header Authorization: Bearer TOKEN")
	}
	token, ok := tokens.find(strings.TrimSpace(presented))
	if !ok {
		return nil, noToken.problem("this token is not known")
	}
	return &client{token, c.usage(token)}, nil
}

// usage is what a token's owner uses; its rate is the one of the token as it is now.
func (c *clients) usage(t Token) *usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	limit, burst := rate.Inf, 1
	if t.Limits.Rate > 0 {
		limit, burst = rate.Limit(t.Limits.Rate), max(1, int(10*t.Limits.Rate))
	}
	u := c.usages[t.Name]
	if u == nil {
		u = &usage{requests: rate.NewLimiter(limit, burst), loads: make(chan struct{}, loadsOfOne), reports: make(chan struct{}, reportsOfOne)}
		if c.usages == nil {
			c.usages = map[string]*usage{}
		}
		c.usages[t.Name] = u
	}
	if u.requests.Limit() != limit { // the token file was read again
		u.requests.SetLimit(limit)
		u.requests.SetBurst(burst)
	}
	return u
}

// begin counts a request, and refuses one too many. The caller calls end when it is over.
func (c *client) begin() (end func(), err error) {
	if wait := c.use.requests.Reserve(); wait.Delay() > 0 {
		after := wait.Delay()
		wait.Cancel()
		return nil, tooMany.later(after, "more than %g requests a second", c.Limits.Rate)
	}
	return c.count(&c.use.running, c.Limits.Concurrent, "requests at one time")
}

// beginStream counts a stream of events.
func (c *client) beginStream() (end func(), err error) {
	return c.count(&c.use.streams, c.Limits.Streams, "streams of events at one time")
}

func (c *client) count(n *atomic.Int64, most int, what string) (end func(), err error) {
	if n.Add(1) > int64(most) {
		n.Add(-1)
		return nil, tooMany.later(time.Second, "more than %d %s", most, what)
	}
	return func() { n.Add(-1) }, nil
}

type clientKey struct{}

// clientOf is who has asked; every handler of a route that is not open has one.
func clientOf(ctx context.Context) *client {
	c, _ := ctx.Value(clientKey{}).(*client)
	return c
}

// Priority is the priority that is wanted, or the highest that who has asked may give where that is lower. It is for doors,
// whose clients do not choose one.
func Priority(ctx context.Context, wanted queue.Priority) queue.Priority {
	if c := clientOf(ctx); c != nil && !c.may(wanted) {
		return c.Priority
	}
	return wanted
}

// Owner is the name of the token with which was asked; empty: there are no tokens. It is for doors, which
// submit in the name of their clients.
func Owner(ctx context.Context) string {
	if c := clientOf(ctx); c != nil {
		return c.Name
	}
	return ""
}
