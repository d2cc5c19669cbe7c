// Package serve is the HTTP service of an online judge: it takes submissions into a queue (package queue), and
// tells what became of them.
//
//	client ──JSON──> Service ──Job──> queue.Queue ──> workers
//	       <─events─         <─Event─             <──
//
// A Service keeps nothing that matters: any number of them can stand in front of one queue, and each can be
// killed at any time. What it has answered with 202 is in the queue.
//
// Every request goes the same way (service.go): it gets an id, a name of the host and an origin that are
// allowed, a client (client.go), that client's limits, a body that has bounds in size and in time (body.go),
// and a handler of the table in route.go. A handler answers or returns an error; what is the client's fault is
// a *Problem. openapi.json says the same to programs, and tests hold the two together.
//
// Without tokens everybody who can reach the service may use it: it then listens on loopback only, and to
// requests in loopback's name that no page of another site has made (origin.go).
package serve
