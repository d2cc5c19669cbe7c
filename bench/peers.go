package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// peer is another sandbox, as it is called for one run of a program in a fresh one.
type peer struct {
	name      string
	isolation string // what the call below has in force
	around    []string
	// command returns the call. The program is tiny in the directory given, which may be changed.
	command func(dir string) ([]string, error)
}

var peers = []peer{
	{name: "bwrap", isolation: "fresh pid, mount, IPC, network, UTS, cgroup namespace; proc, dev, two tmpfs; no limits, no seccomp",
		command: bwrap},
	{name: "runc", isolation: "fresh pid, mount, IPC, network, UTS namespace; proc, dev, tmpfs; group with memory and process limits; seccomp refuses a few",
		command: bundle("runc", "run", "--bundle")},
	{name: "crun", isolation: "as runc", around: withoutUnified(),
		command: bundle("crun", "--cgroup-manager=cgroupfs", "run", "--bundle")},
	{name: "firejail", isolation: "fresh pid, mount, network namespace; private dev; no capabilities; seccomp; no limits",
		command: func(dir string) ([]string, error) {
			return []string{"--quiet", "--noprofile", "--net=none", "--caps.drop=all", "--seccomp", "--nonewprivs", "--private-dev", "--", dir + "/tiny"}, nil
		}},
	{name: "isolate", isolation: "run only, box made before: fresh pid, mount, IPC, network namespace; group where it is set up; no seccomp",
		command: isolateRun},
	{name: "nsjail", isolation: "fresh namespaces of all kinds; tmpfs; rlimits; no group, no seccomp",
		command: func(dir string) ([]string, error) {
			return []string{"-Mo", "--really_quiet", "--disable_clone_newcgroup", "-R", dir + ":/w", "-T", "/tmp", "-T", "/work", "--", "/w/tiny"}, nil
		}},
	{name: "systemd-nspawn", isolation: "fresh pid, mount, IPC, UTS, network namespace; volatile overlay; few capabilities; seccomp; no group of its own",
		command: nspawn},
}

// measurePeers runs the program in every sandbox that is here.
func measurePeers(ctx context.Context, l *lab) error {
	contenders := []contender{l.spawn(1), l.judging("judge", 1)}
	l.remark("peers/floor-1", "no isolation")
	l.remark("peers/judge", "fresh pid, mount, IPC namespace, overlay; group with CPU, memory, process limits; seccomp, Landlock; record")
	for _, p := range peers {
		part := "peers/" + p.name
		command, err := l.peer(ctx, p)
		if err != nil {
			l.miss(part, err)
			continue
		}
		l.remark(part, p.isolation)
		contenders = append(contenders, contender{name: p.name, round: func(ctx context.Context, n int) (round, error) {
			return l.floor(ctx, n, spawning{jobs: 1, env: os.Environ(), around: p.around}, command...)
		}})
	}
	switch server, err := newGoJudge(ctx, l); {
	case err != nil:
		l.miss("peers/go-judge", err)
	default:
		defer server.close(ctx)
		l.remark("peers/go-judge", "over HTTP; container reused, so nothing is fresh but the work directory; group where the server has them; network namespace")
		contenders = append(contenders, contender{name: "go-judge", round: func(ctx context.Context, n int) (round, error) {
			return timed(n, func() error { return server.run(ctx) })
		}})
	}
	all, err := interleave(ctx, l.rounds(), l.times(50), contenders)
	if err != nil {
		return err
	}
	for _, c := range contenders {
		l.addLatency("peers/"+c.name, all[c.name])
		if c.name != "judge" {
			l.add("peers/"+c.name+"/of_judge_wall", all[c.name].ratio(all["judge"], latency))
			l.add("peers/"+c.name+"/of_judge_cpu", all[c.name].ratio(all["judge"], cpu))
		}
	}
	return nil
}

// peer tries whether a peer works here, and returns the command for a run.
func (l *lab) peer(ctx context.Context, p peer) ([]string, error) {
	tool, err := exec.LookPath(p.name)
	if err != nil {
		return nil, errors.New("not in PATH")
	}
	dir := l.path("peer-" + p.name)
	if err := l.peerRoot(dir); err != nil {
		return nil, err
	}
	args, err := p.command(dir)
	if err != nil {
		return nil, err
	}
	command := append([]string{tool}, args...)
	once := slices.Concat(p.around, command)
	return command, output(exec.CommandContext(ctx, once[0], once[1:]...))
}

// peerRoot makes a root file system for those who need one, with the program in its top.
func (l *lab) peerRoot(dir string) error {
	tiny, err := l.program("tiny")
	if err != nil {
		return err
	}
	for _, d := range []string{"proc", "dev", "sys", "tmp", "work", "usr/bin", "etc"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	program, err := os.ReadFile(tiny)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "tiny"), program, 0o755),
		os.WriteFile(filepath.Join(dir, "etc/os-release"), []byte("ID=bench\n"), 0o644))
}

func bwrap(dir string) ([]string, error) {
	return []string{"--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", dir, "/w",
		"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/work", "/w/tiny"}, nil
}

func nspawn(dir string) ([]string, error) {
	return []string{"--quiet", "--register=no", "--keep-unit", "--volatile=overlay", "--private-network", "-D", dir, "/tiny"}, nil
}

// withoutUnified hides the empty version 2 hierarchy of a hybrid layout, which crun does not know, from the
// command that follows. Nil where there is none.
func withoutUnified() []string {
	const unified = "/sys/fs/cgroup/unified"
	if _, err := os.Stat(unified); err != nil {
		return nil
	}
	return []string{"unshare", "--mount", "sh", "-c", "umount " + unified + `; exec "$0" "$@"`}
}

// isolateRun makes isolate's box, which is then used for every run.
func isolateRun(dir string) ([]string, error) {
	out, err := exec.Command("isolate", "--init").Output()
	if err != nil {
		return nil, fmt.Errorf("isolate --init: %w", err)
	}
	box := filepath.Join(strings.TrimSpace(string(out)), "box")
	from, err := os.Open(dir + "/tiny")
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(box, "tiny"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(to, from)
	return []string{"--run", "--silent", "--time=1", "--mem=262144", "--processes=64", "--", "./tiny"}, errors.Join(err, to.Close())
}
