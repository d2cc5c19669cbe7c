package limits

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// roleVariable makes the test binary play a program.
const roleVariable = "JUDGE_LIMITS_TEST_ROLE"

// play is a program: at the gate it waits for a byte, then it does what the role says.
func play(role string, args []string) {
	number := func(i int) int {
		n, err := strconv.Atoi(args[i])
		check(err)
		return n
	}
	switch role {
	case "gate": // args: the role to go on as, and its arguments
		fmt.Println("ready")
		_, err := os.Stdin.Read(make([]byte, 1))
		check(err)
		// Huge pages would round memory to 2 MiB.
		check(unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0))
		self, err := os.Executable()
		check(err)
		check(syscall.Exec(self, append([]string{self}, args[1:]...), environment(args[0])))
	case "spin": // milliseconds of CPU time, threads
		spin(time.Duration(number(0))*time.Millisecond, number(1))
	case "spin-children": // milliseconds of CPU time of each, how many
		for range number(1) {
			check(child("spin", args[0], "1").Run())
		}
	case "spin-forever":
		spin(time.Hour, 1)
	case "touch": // MiB
		touch(number(0))
	case "touch-in-child": // MiB; outlives the child's death
		_ = child("touch", args[0]).Run()
		select {}
	case "read": // file
		f, err := os.Open(args[0])
		check(err)
		_, err = io.Copy(io.Discard, f)
		check(err)
	case "fork": // children that wait for our end, until no more can be had
		r, _, err := os.Pipe()
		check(err)
		for range number(0) {
			c := child("gate", "touch", "0")
			c.Stdin = r
			if c.Start() != nil {
				return
			}
		}
	case "hosts": // how many it opens
		check(openAndClose(number(0)))
	case "judge": // has groups until it is killed
		h, err := Open(Options{})
		check(err)
		for range 3 {
			_, err = h.NewGroup()
			check(err)
		}
		_, err = h.NewShare()
		check(err)
		fmt.Println("ready")
		select {}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// child is this binary in another role.
func child(role string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	check(err)
	c := exec.Command(self, args...)
	c.Env = environment(role)
	return c
}

// environment is that of a program in a role. Under the race detector it must not rest a second at its end.
func environment(role string) []string {
	return []string{roleVariable + "=" + role, "GORACE=atexit_sleep_ms=0"}
}

// spin uses so much CPU time on each of several threads.
func spin(d time.Duration, threads int) {
	var all sync.WaitGroup
	for range threads {
		all.Go(func() {
			runtime.LockOSThread() // CLOCK_THREAD_CPUTIME_ID is per thread
			for {
				var t unix.Timespec
				check(unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t))
				if time.Duration(t.Nano()) > d {
					return
				}
			}
		})
	}
	all.Wait()
}

// touch uses so many MiB of fresh memory.
func touch(mib int) {
	if mib == 0 {
		return
	}
	b, err := unix.Mmap(-1, 0, mib<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	check(err)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
}

// program is a process in a group that waits at the gate.
type program struct {
	cmd  *exec.Cmd
	gate io.WriteCloser
	out  io.Reader
}

// startProgram starts a program in a role up to its gate and admits it to g. It is killed with the test.
func startProgram(t testing.TB, g *Group, role string, args ...string) *program {
	t.Helper()
	p := &program{cmd: child("gate", append([]string{role}, args...)...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = os.Stderr
	var err error
	p.gate, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	p.out, err = p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.kill(); p.gate.Close() })
	_, err = fmt.Fscanln(p.out, new(string))
	require.NoError(t, err)
	require.NoError(t, g.Admit(p.cmd.Process.Pid))
	return p
}

// open lets the program through its gate.
func (p *program) open(t testing.TB) {
	t.Helper()
	_, err := p.gate.Write([]byte{'\n'})
	require.NoError(t, err)
}

// cpu is the CPU time that the program has used, by its own clock.
func (p *program) cpu(t testing.TB) time.Duration {
	t.Helper()
	var used unix.Timespec
	require.NoError(t, unix.ClockGettime(processClock(p.cmd.Process.Pid), &used))
	return time.Duration(used.Nano())
}

// kill ends the program with all its children.
func (p *program) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// run runs a program in a fresh group to its end and returns what it used and how it ended.
func run(t testing.TB, h *Host, l Limits, role string, args ...string) (Usage, error) {
	t.Helper()
	g := newGroup(t, h)
	p := startProgram(t, g, role, args...)
	require.NoError(t, g.Limit(l))
	require.NoError(t, g.Start(p.cmd.Process.Pid))
	w := g.Watch(func(Alarm) { p.kill() })
	p.open(t)
	_, _ = io.Copy(io.Discard, p.out)
	ended := p.cmd.Wait()
	w.Stop()
	p.kill() // children that outlive it
	waitEmpty(t, g)
	u, err := g.Usage()
	require.NoError(t, err)
	return u, ended
}

// testPatience bounds a wait for what the kernel, or another judge, is at already; it is no measure of speed.
const testPatience = time.Minute

// waitEmpty waits until all processes of the group are dead.
func waitEmpty(t testing.TB, g *Group) {
	t.Helper()
	for w := newWait(testPatience); ; {
		populated, err := g.Populated()
		require.NoError(t, err)
		if !populated {
			return
		}
		require.True(t, w.next(), "processes do not leave group %s", g.name)
	}
}

// processClock is the CPU clock of a process with all its threads, as clock_getcpuclockid(3) makes it.
func processClock(pid int) int32 {
	const schedClock = 2 // CPUCLOCK_SCHED
	return int32(^pid<<3 | schedClock)
}
