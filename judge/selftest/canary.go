package selftest

import (
	"bytes"
	"sync"
)

// canaryMark begins what canaries hold. It is nowhere else: whoever prints it has read one.
const canaryMark = "CANARY-"

// canaryFile is where hostile programs look for a secret of the host. Ours lies elsewhere, so that a
// test of the judge writes nothing to /etc; its path is put in place of this one.
const canaryFile = "/etc/judge-canary"

// touched collects what happened to canaries. It may be used by many goroutines.
type touched struct {
	mu   sync.Mutex
	list []string
}

func (t *touched) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, what)
}

// take returns what was collected since the last call.
func (t *touched) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.list
	t.list = nil
	return list
}

// into points a program at our canary file.
func (c *canaries) into(source []byte) []byte {
	return bytes.ReplaceAll(source, []byte(canaryFile), []byte(c.file))
}
