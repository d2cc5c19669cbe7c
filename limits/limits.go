package limits

import "time"

// Limits is what a run may use. In each field zero means "no limit of our own".
type Limits struct {
	CPU       time.Duration // CPU time of all processes together, user and system
	Wall      time.Duration // real time from the gate (exec) to the end
	Memory    int64         // bytes of every kind together: heap, stacks, shared memory, tmpfs, kernel objects
	Output    int64         // bytes of standard output; the same again for standard error
	Processes int           // processes and threads at one time
	Stack     int64         // bytes of the main thread's stack; zero: as large as Memory
	Disk      int64         // bytes that /work, /tmp and /dev/shm may hold together
	Inodes    int64         // files and directories that they may hold together
	OpenFiles int           // descriptors of one process
}
