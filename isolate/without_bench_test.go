//go:build linux

package isolate

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
)

// What each defence costs: the same run without it. No caller of the package can leave one out. Here the
// intermediate, which is this test binary, makes other plans when its host name says so.

const withoutPrefix = "without-"

// init is before TestMain's Enter.
func init() {
	if len(os.Args) == 0 || os.Args[0] != intermediateName {
		return
	}
	config, _, err := ourConfig()
	what, found := strings.CutPrefix(config.Hostname, withoutPrefix)
	if err != nil || !found {
		return
	}
	if err := serveWithout(config, what); err != nil && err != io.EOF {
		fmt.Fprintln(os.Stderr, "intermediate without", what+":", err)
		unix.Exit(1)
	}
	unix.Exit(0)
}

// serveWithout is serve, with plans that lack a defence.
func serveWithout(config Config, what string) error {
	conn, err := handshake.NewConn(os.NewFile(controlFD, "control"))
	if err != nil {
		return err
	}
	dev, err := becomeSlotRoot(conn, config)
	if err != nil {
		return err
	}
	if err := buildBase(dev, config.IDs); err != nil {
		return err
	}
	if err := conn.Send(handshake.Message{Kind: handshake.IntermediateReady}); err != nil {
		return err
	}
	m := &intermediate{conn: conn, config: config}
	plans := map[int]*child.Plan{} // of the only root, by the run's socket
	for {
		msg, err := conn.Receive("serve", time.Time{}, handshake.SetRoot, handshake.Prepare, handshake.Reap)
		if err != nil {
			return err
		}
		switch msg.Kind {
		case handshake.SetRoot:
			err = m.setRoot(msg)
		case handshake.Reap:
			var number cloneNumber
			if number, err = m.reapDead(msg); err == nil {
				err = m.tellEnd(number)
			}
		case handshake.Prepare:
			err = m.startWithout(msg, what, plans)
		}
		msg.CloseFiles()
		if err != nil {
			return err
		}
	}
}

func (m *intermediate) startWithout(msg handshake.Message, what string, plans map[int]*child.Plan) error {
	number, err := m.reapDead(msg)
	if err != nil {
		return err
	}
	socket := int(msg.Files[0].Fd())
	if plans[socket] == nil {
		made, err := plan(m.spec, planKey{admission: wants(msg), socket: socket})
		if err != nil {
			return err
		}
		leaveOut(&made, m.spec, what)
		plans[socket] = &made
	}
	n, err := m.enterNetwork()
	if err != nil {
		return err
	}
	return m.start(number, plans[socket], n)
}

// leaveOut takes a defence out of a plan.
func leaveOut(plan *child.Plan, spec rootSpec, what string) {
	named := func(steps []child.Step, name string) int {
		return slices.IndexFunc(steps, func(s child.Step) bool { return s.Name == name })
	}
	switch what {
	case "nothing":
	case "overlay":
		// The writable layer is all that there is, so the root must bring everything by other means.
		i := named(plan.Init, overlayStep(spec, scratchDir).Name)
		plan.Init[i] = mountStep("the writable layer on /", scratchDir+"/upper", newRoot, "", unix.MS_BIND, "")
	case "seccomp":
		i := named(plan.Program, "install the system call filter")
		plan.Program = slices.Delete(plan.Program, i, i+1)
		plan.Listener = 0
	case "landlock":
		steps := landlockSteps(spec)
		plan.Init = plan.Init[:len(plan.Init)-len(steps)]
		plan.Program = slices.DeleteFunc(plan.Program, func(s child.Step) bool {
			return s.Name == "enter the Landlock domain" || s.Name == "close the Landlock ruleset"
		})
	case "ipc":
		plan.Flags &^= unix.CLONE_NEWIPC
	}
}

// BenchmarkWithout makes nothing ahead: each round is a whole run, from clone to the end of init.
func BenchmarkWithout(b *testing.B) {
	tiny := staticProgram(b)
	layer, err := NewScratch(1<<20, 100) // an overlay has a lower layer
	require.NoError(b, err)
	defer layer.Close()
	root := &Root{NoBase: true, Layers: []Layer{{Scratch: layer}}, Binds: []Bind{{Source: tiny.Name(), Target: "/bench/tiny"}}}
	for _, what := range []string{"nothing", "overlay", "seccomp", "landlock", "ipc"} {
		b.Run(what, func(b *testing.B) {
			s, err := Config{Hostname: withoutPrefix + what}.New()
			require.NoError(b, err)
			defer s.Close()
			for b.Loop() {
				exit, err := s.Run(context.Background(), Program{Path: "/bench/tiny", Root: root}, nil)
				if err != nil || exit.Status != 0 {
					b.Fatal(exit, err)
				}
			}
		})
	}
}
