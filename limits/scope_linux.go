package limits

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"time"
)

// scopePatience is how long the user manager may take for its answer, and then for the scope.
const scopePatience = 5 * time.Second

// scope is a cgroup that the user's service manager makes for this process alone, and delegates to us
// (systemd.scope(5)). The cgroup of a login session belongs to root; that of the manager to the user.
type scope struct {
	name       string // of the unit, and of its directory
	pid        int
	membership string // the file that says in which cgroup this process is
}

// newScope names a scope for this process; enter makes it.
func newScope() scope {
	return scope{name: "judge-" + newID() + ".scope", pid: os.Getpid(), membership: "/proc/self/cgroup"}
}

// wantsScope says whether a scope may get h the limits that it does not hold: version 2 is there with
// its controllers, and we could not make groups in it. Root needs nobody to make groups for it, and
// version 1 hierarchies are not delegated.
func (h *Host) wantsScope(root bool) bool {
	if root || h.layout.kind() != "v2" {
		return false
	}
	for _, p := range h.problems {
		// By itself errNoController says that the kernel lacks it.
		if p.Fatal && p.Cause != errNoController {
			return true
		}
	}
	return false
}

// enter has the user manager make the scope with this process in it, and waits until we are there. When
// the last process has left the scope, the manager removes it.
//
// It asks through busctl(1), which comes with systemd. A D-Bus library would have to be initialised in
// each start of our binary, which sandboxes pay for, and this happens once.
func (s scope) enter() error {
	ctx, cancel := context.WithTimeout(context.Background(), scopePatience)
	defer cancel()
	c := exec.CommandContext(ctx, "busctl", s.request()...)
	c.Env = busEnvironment(os.Environ(), os.Geteuid())
	c.WaitDelay = time.Second
	output, err := c.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("ask the user manager for a scope: no answer in %s", scopePatience)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("ask the user manager for a scope: %w", err)
	case err != nil:
		return fmt.Errorf("ask the user manager for a scope: %s (busctl: %w)", bytes.TrimSpace(output), err)
	}
	return s.await()
}

// request is the command line of busctl: a call of org.freedesktop.systemd1.Manager.StartTransientUnit,
// with each value after its type.
func (s scope) request() []string {
	call := []string{
		"--user", "call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		"StartTransientUnit", "ssa(sv)a(sa(sv))", s.name, "fail",
	}
	properties := [][]string{
		{"Description", "s", "judge"},
		{"PIDs", "au", "1", strconv.Itoa(s.pid)},
		{"Delegate", "b", "true"},
		{"CollectMode", "s", "inactive-or-failed"}, // else a scope that failed stays
	}
	call = append(call, strconv.Itoa(len(properties)))
	for _, p := range properties {
		call = append(call, p...)
	}
	return append(call, "0") // no other units
}

// busEnvironment adds where the user's bus is, which su(1) and sudo(8) do not say.
func busEnvironment(environment []string, uid int) []string {
	const name = "XDG_RUNTIME_DIR="
	for _, v := range environment {
		if strings.HasPrefix(v, name) {
			return environment
		}
	}
	return append(environment, name+"/run/user/"+strconv.Itoa(uid))
}

// await waits until this process is in the scope: the manager has answered before it acts.
func (s scope) await() error {
	for wait := newWait(scopePatience); ; {
		self, err := os.ReadFile(s.membership)
		if err != nil {
			return err
		}
		if path.Base(parseMembership(string(self))[""]) == s.name {
			return nil
		}
		if !wait.next() {
			return fmt.Errorf("the user manager did not move this process to %s in %s "+
				"(journalctl --user -u %s may say why)", s.name, scopePatience, s.name)
		}
	}
}

// inScope tells whether this process is in a scope that it asked for.
func (l layout) inScope() bool {
	h, ok := l.v2()
	name := path.Base(aboveJudges(h.own))
	return ok && strings.HasPrefix(name, "judge-"+strconv.Itoa(os.Getpid())+"-") && strings.HasSuffix(name, ".scope")
}
