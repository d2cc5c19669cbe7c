package judge

import "golang.org/x/sys/unix"

// olderWaitingCalls are those that newer architectures do not have.
var olderWaitingCalls = map[int]callKind{
	unix.SYS_POLL:       {waits: waitEvent, timeout: 2},
	unix.SYS_SELECT:     {waits: waitEvent, timeout: 4, pointer: true},
	unix.SYS_EPOLL_WAIT: {waits: waitEvent, timeout: 3},
	unix.SYS_PAUSE:      {waits: waitOther, timeout: -1},
}
