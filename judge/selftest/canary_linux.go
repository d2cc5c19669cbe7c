package selftest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// canaries are things of the host that no sandboxed program may reach: sockets that note who connects,
// a process of our user that must go on undisturbed, a file, a shared memory segment and a message
// queue with a text that must not turn up. Close removes them all.
type canaries struct {
	file    string
	sockets []io.Closer
	serving sync.WaitGroup
	touched touched
	process *exec.Cmd
	hold    io.Closer // its standard input; it ends when this is closed, as it is when we die
	remove  []func() error
}

// The places that hostile programs know.
const (
	canaryPort    = 47815
	canaryName    = "judge-canary"
	canaryKey     = 0x4a554447 // System V
	canarySegment = 4096
)

// plant puts the canaries in place, files into dir. What another selftest on this host has planted
// already serves as well.
func plant(dir string) (c *canaries, err error) {
	c = &canaries{file: filepath.Join(dir, canaryName)}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become a subreaper: %w", err)
	}
	text := canaryMark + rand.Text() + "\n"
	for _, name := range []string{canaryName, "1.ans", "submission.c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if err := c.listen(); err != nil {
		return nil, err
	}
	if err := c.segment(text); err != nil {
		return nil, err
	}
	c.queue()
	return c, c.start(text)
}

// listen opens sockets of every kind that a program might find.
func (c *canaries) listen() error {
	for _, l := range []struct{ network, address string }{
		{"tcp", fmt.Sprintf("127.0.0.1:%d", canaryPort)},
		{"unix", c.file + ".socket"},
		{"unix", "@" + canaryName},
	} {
		listener, err := net.Listen(l.network, l.address)
		if errors.Is(err, unix.EADDRINUSE) {
			continue
		}
		if err != nil {
			return err
		}
		c.sockets = append(c.sockets, listener)
		c.serving.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				c.touched.add("somebody connected to " + l.address)
				conn.Close()
			}
		})
	}
	return nil
}

// segment makes a shared memory segment. Hosts without System V IPC have nothing to reach.
func (c *canaries) segment(text string) error {
	id, err := unix.SysvShmGet(canaryKey, canarySegment, unix.IPC_CREAT|unix.IPC_EXCL|0o644)
	if errors.Is(err, unix.EEXIST) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make a shared memory segment: %w", err)
	}
	c.remove = append(c.remove, func() error {
		_, err := unix.SysvShmCtl(id, unix.IPC_RMID, nil)
		return err
	})
	memory, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return fmt.Errorf("attach a shared memory segment: %w", err)
	}
	copy(memory, text)
	return unix.SysvShmDetach(memory)
}

// queue makes a message queue, where their file system is mounted.
func (c *canaries) queue() {
	file := "/dev/mqueue/" + canaryName
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	f.Close()
	c.remove = append(c.remove, func() error { return os.Remove(file) })
}

// start runs a process that does nothing and has secrets in its arguments and environment.
func (c *canaries) start(text string) error {
	secret := strings.TrimSpace(text)
	c.process = exec.Command("/bin/sh", "-c", "read line # "+secret)
	c.process.Env = []string{"JUDGE_SECRET=" + secret}
	hold, err := c.process.StdinPipe()
	if err != nil {
		return err
	}
	c.hold = hold
	if err := c.process.Start(); err != nil {
		c.process = nil
		return fmt.Errorf("start the canary: %w", err)
	}
	return nil
}

func (c *canaries) pid() int { return c.process.Process.Pid }

// contacts says what has happened to the canaries since the last call. A process that is stopped,
// traced or dead stays so: it is told of each time.
func (c *canaries) contacts() []string {
	found := c.touched.take()
	var state, tracer string
	for _, line := range linesOf(fmt.Sprintf("/proc/%d/status", c.pid()), 2) {
		if s, ok := strings.CutPrefix(line, "State: "); ok {
			state = s
		}
		if s, ok := strings.CutPrefix(line, "TracerPid: "); ok {
			tracer = s
		}
	}
	if state != "S" && state != "R" {
		found = append(found, fmt.Sprintf("the host's process is in state %q", state))
	}
	if tracer != "0" && tracer != "" {
		found = append(found, "the host's process is traced by "+tracer)
	}
	return found
}

// Close is idempotent.
func (c *canaries) Close() error {
	var errs []error
	for _, s := range c.sockets {
		errs = append(errs, s.Close())
	}
	c.serving.Wait()
	if c.hold != nil {
		c.hold.Close()
	}
	if c.process != nil {
		c.process.Process.Kill()
		c.process.Wait()
	}
	for _, remove := range c.remove {
		errs = append(errs, remove())
	}
	c.sockets, c.hold, c.process, c.remove = nil, nil, nil, nil
	errs = append(errs, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0))
	return errors.Join(errs...)
}
