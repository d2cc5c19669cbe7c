package judge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"judge/limits"
)

// waitingCalls are the system calls in which a program that waits for others is found. A read of a
// file is in here too, but does not last: who looks twice does not see it.
var waitingCalls = map[int]callKind{
	unix.SYS_READ:            {waits: waitInput},
	unix.SYS_READV:           {waits: waitInput},
	unix.SYS_PPOLL:           {waits: waitEvent, timeout: 2, pointer: true},
	unix.SYS_PSELECT6:        {waits: waitEvent, timeout: 4, pointer: true},
	unix.SYS_EPOLL_PWAIT:     {waits: waitEvent, timeout: 3},
	unix.SYS_EPOLL_PWAIT2:    {waits: waitEvent, timeout: 3, pointer: true},
	unix.SYS_FUTEX:           {waits: waitOther, timeout: 3, pointer: true},
	unix.SYS_WAIT4:           {waits: waitOther, timeout: -1},
	unix.SYS_WAITID:          {waits: waitOther, timeout: -1},
	unix.SYS_RT_SIGSUSPEND:   {waits: waitOther, timeout: -1},
	unix.SYS_RT_SIGTIMEDWAIT: {waits: waitOther, timeout: 2, pointer: true},
}

// threadsOf looks at all threads of a group. They go on meanwhile: what it says of one of them may be
// over when it says it.
func threadsOf(group *limits.Group, inputs []int) (threads, error) {
	pids, err := group.Processes()
	if err != nil {
		return threads{}, err
	}
	if pids == nil {
		return threads{unknown: true}, nil
	}
	var states []waitState
	for _, pid := range pids {
		directory := fmt.Sprintf("/proc/%d/task", pid)
		tasks, err := os.ReadDir(directory)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return threads{}, err
		}
		for _, task := range tasks {
			line, err := os.ReadFile(directory + "/" + task.Name() + "/syscall")
			if errors.Is(err, fs.ErrPermission) && isAsleep(directory+"/"+task.Name()+"/stat") {
				states = append(states, waitSoon) // who knows for what
				continue
			}
			if err != nil {
				states = append(states, running) // it has just ended, or may not be looked at
				continue
			}
			states = append(states, parseSyscall(string(line), []map[int]callKind{waitingCalls, olderWaitingCalls}, inputs))
		}
	}
	t := gather(states)
	t.forever = t.forever && !haveAlarm(pids)
	return t, nil
}

// isAsleep tells whether a thread sleeps, which everybody may know: the state behind the name in brackets of
// proc_pid_stat(5).
func isAsleep(stat string) bool {
	line, err := os.ReadFile(stat)
	end := bytes.LastIndexByte(line, ')')
	return err == nil && end >= 0 && bytes.HasPrefix(line[end+1:], []byte(" S"))
}

// unread is how many bytes are in a pipe, of which fd is either end.
func unread(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCINQ) }
