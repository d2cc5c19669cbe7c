package isolate

import (
	"encoding/json"
	"fmt"
	"time"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// clone is an init, or what joined the namespaces of one, that was cloned and not reaped.
type clone struct {
	number  cloneNumber
	pid     int
	arena   *child.Arena
	network *network // nil: that of the run that it joined
}

// next serves the parent's next message.
func (m *intermediate) next() error {
	msg, err := m.conn.Receive("serve", time.Time{}, handshake.SetRoot, handshake.Prepare, handshake.Join, handshake.Reap)
	if err != nil {
		return err
	}
	defer msg.CloseFiles()
	if msg.Kind == handshake.SetRoot {
		return m.setRoot(msg)
	}
	about, err := m.reapDead(msg)
	if err != nil {
		return err
	}
	switch msg.Kind {
	case handshake.Reap:
		return m.tellEnd(about)
	case handshake.Join:
		var spec rootSpec
		if err := json.Unmarshal(msg.Args[2], &spec); err != nil {
			return fmt.Errorf("join: %w", err)
		}
		plan, err := joinPlan(spec, wants(msg), int(msg.Files[0].Fd()), int(msg.Files[1].Fd()))
		if err != nil {
			return err
		}
		return m.start(about, &plan, nil)
	}
	key := planKey{admission: wants(msg), socket: int(msg.Files[0].Fd())}
	for i, f := range msg.Files[1:] {
		key.tasks[i] = int(f.Fd())
	}
	plan, err := m.plan(key)
	if err != nil {
		return err
	}
	n, err := m.enterNetwork()
	if err != nil {
		return err
	}
	return m.start(about, plan, n)
}

// start clones a process with a plan; it inherits what has come with the message.
func (m *intermediate) start(number cloneNumber, plan *child.Plan, n *network) (err error) {
	c := clone{number: number, network: n}
	if n := len(m.free); n > 0 {
		c.arena, m.free = m.free[n-1], m.free[:n-1]
	} else if c.arena, err = child.NewArena(); err != nil {
		return err
	}
	if c.pid, err = c.arena.Start(plan); err != nil {
		return err
	}
	goAnywhere(m.spec)
	m.runs = append(m.runs, c)
	return nil
}
