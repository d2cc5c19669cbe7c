package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// measureStartup compares judge with the floor: posix_spawn from C, and the same from Go.
func measureStartup(ctx context.Context, l *lab) error {
	var contenders []contender
	for _, jobs := range []int{1, 2, 4, 8} {
		contenders = append(contenders, l.spawn(jobs), l.judging(fmt.Sprintf("judge-%d", jobs), jobs))
	}
	tiny, err := l.program("tiny")
	if err != nil {
		return err
	}
	contenders = append(contenders,
		contender{name: "go", round: func(_ context.Context, n int) (round, error) {
			return timed(n, func() error { return forkExec(tiny) })
		}},
		contender{name: "osexec", round: func(ctx context.Context, n int) (round, error) {
			return timed(n, func() error { return exec.CommandContext(ctx, tiny).Run() })
		}})
	all, err := interleave(ctx, l.rounds(), l.times(500), contenders)
	if err != nil {
		return err
	}
	l.remark("startup/floor-1", "posix_spawn and wait in C: no isolation")
	l.remark("startup/go", "syscall.ForkExec and wait: no isolation")
	l.remark("startup/osexec", "os/exec: no isolation")
	l.remark("startup/judge-1", "all that a judged run has, record included")
	for _, c := range contenders {
		l.addLatency("startup/"+c.name, all[c.name])
	}
	for _, jobs := range []int{1, 2, 4, 8} {
		part := fmt.Sprintf("startup/judge-%d", jobs)
		ours, floor := all[fmt.Sprintf("judge-%d", jobs)], all[fmt.Sprintf("floor-%d", jobs)]
		l.add(part+"/of_floor_wall", ours.ratio(floor, latency))
		l.add(part+"/of_floor_cpu", ours.ratio(floor, cpu))
		l.add(part+"/of_floor_rate", ours.ratio(floor, rate))
	}
	return nil
}

// spawn is the floor as a contender.
func (l *lab) spawn(jobs int) contender {
	return contender{name: fmt.Sprintf("floor-%d", jobs), jobs: jobs, round: func(ctx context.Context, n int) (round, error) {
		tiny, err := l.program("tiny")
		if err != nil {
			return round{}, err
		}
		return l.floor(ctx, n, spawning{jobs: jobs}, tiny)
	}}
}

// forkExec is what os/exec does at least.
func forkExec(exe string) error {
	pid, err := syscall.ForkExec(exe, []string{exe}, &syscall.ProcAttr{})
	if err != nil {
		return os.NewSyscallError("fork and exec", err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return os.NewSyscallError("wait4", err)
	}
	if status != 0 {
		return errors.New("the program failed")
	}
	return nil
}
