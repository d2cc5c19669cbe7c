package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"judge/judge"
	"judge/limits"
)

func TestConclude(t *testing.T) {
	running := context.Background()
	cancelled, cancel := context.WithCancel(running)
	cancel()
	missing := &limits.MissingError{Problems: []limits.Problem{
		{Limit: "cpu", Fix: "run as root", Cause: unix.EACCES},
		{Limit: "memory", Fix: "run as root", Cause: unix.EACCES},
		{Limit: "processes", Fix: "run as root", Cause: unix.ENODEV},
	}}
	host := &judge.HostError{Err: errors.New("no cgroups")}
	for _, test := range []struct {
		name    string
		ctx     context.Context
		totals  judge.Totals
		err     error
		status  int
		message string
	}{
		{"all as expected", running, judge.Totals{Submissions: 2, AsExpected: 2}, nil, 0, ""},
		{"nothing to do", running, judge.Totals{}, nil, 0, ""},
		{"one is not", running, judge.Totals{Submissions: 2, AsExpected: 1}, nil, 1, ""},
		{"judge-error goes before", running, judge.Totals{Submissions: 3, AsExpected: 1, JudgeErrors: 1}, nil, 3, ""},
		{"judge-error that was expected", running, judge.Totals{Submissions: 1, AsExpected: 1, JudgeErrors: 1}, nil, 3, ""},
		{"host", running, judge.Totals{}, fmt.Errorf("run: %w", host), 3,
			"judge: no cgroups\njudge doctor shows what this host can do"},
		{"limits", running, judge.Totals{}, &judge.HostError{Err: missing}, 3, `judge: this host cannot hold every limit, so nothing was run
to hold them: run as root
to judge without: --degraded, and records say what is missing
to know more: judge doctor, judge help operating
why: no control group for cpu, memory: permission denied
     no control group for processes: no such device`},
		{"disk full", running, judge.Totals{}, unix.ENOSPC, 3, "judge: no space left on device"},
		{"interrupted", cancelled, judge.Totals{}, context.Canceled, 130, "judge: interrupted: what was known is written"},
		{"interrupted too late", cancelled, judge.Totals{Submissions: 1, AsExpected: 1}, nil, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := conclude(test.ctx, test.totals, test.err)
			assert.Equal(t, test.status, statusOf(err))
			assert.Equal(t, test.message, messageOf(err))
		})
	}
}

func TestMessagesOfTaskFilesHaveNoPrefix(t *testing.T) {
	_, err := judge.Load(writeTasks(t, "task = 1"))
	message := messageOf(&failure{statusUsage, err})
	assert.Regexp(t, `^[^ ]*tasks\.toml:1: `, message)
	assert.Equal(t, "judge: unknown flag", messageOf(errors.New("unknown flag")))
	assert.Equal(t, statusUsage, statusOf(errors.New("unknown flag")))
}
