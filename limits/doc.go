// Package limits bounds what a run may use and measures what it did use.
//
// It knows control groups (cgroups(7)) in the three layouts that machines have: version 2, version
// 1, and hybrid, where controllers are on version 1 beside a version 2 hierarchy without any. It
// knows rlimits, and how people write sizes and durations. It does not start, kill or judge
// programs: a caller has a process enter a Group, and later reads a Usage.
//
//	Open ──> Host                      once per process: /…/judge/<id>, locked; dead judges swept
//	           │ NewShare              once per slot: a part of the CPUs for whatever runs in it
//	           │ NewGroup              ahead of the run, off its path
//	           ▼
//	         Group   Entrance          ahead of the run: the process enters, or is admitted, and waits at the gate
//	           │     Limit, Start      at the gate: a few writes, one read
//	           │     Watch             calls back when the run must end
//	           │     Usage             when all processes are dead
//	           ▼     Recycle           kept for another run, if it is as good as new; or Close
//	         removed
//
// # Where the groups are
//
// Each judge process owns one base directory, judge/<id>, in every hierarchy that it uses, and
// holds flock(2) on it for as long as it lives. A base whose lock can be had belongs to a dead judge:
// the next Open kills what is in it and removes it. The directory judge goes with its last base.
//
// The base is made at the top of the hierarchy if we may write there (root), else in our own cgroup
// (a delegated service or scope, or a container), else in the nearest ancestor of it that lets us.
// Version 2 does not hand controllers to the children of a cgroup that holds processes, so in our
// own cgroup we move ourselves, and nobody else, to judge/<id>/self until Close.
//
// An ordinary user's session is in a cgroup of root, and no ancestor lets us. There Open asks the user's
// service manager for a delegated scope, judge-<id>.scope, and moves this process into it.
//
// What a machine can do is found by trying it: Open makes a group, writes limits and reads counters.
//
// # What it costs
//
// On two CPUs, in a hybrid layout, for one run: NewGroup and Close, if the group before could not be recycled, together
// 120 µs (91 µs of it the kernel's for three mkdir and rmdir), ahead of and after the run; at the gate Limit 0.9 µs and
// Start 0.5 µs; a look of the watch 0.6 µs; Usage 2.5 µs, and 5 µs more when page cache is left. See BenchmarkGroup.
//
// # Which hierarchy does what
//
// Version 2 is preferred where it has controllers. In a hybrid layout memory and pids have their own version 1
// hierarchies, and CPU time is counted by cpuacct beside them, though cpu.stat of version 2 needs no controller and counts
// the same nanoseconds: a program can enter version 1 groups by itself, with one write to each that waits for nobody. One
// group of version 2 among them, and somebody has to move the program, for which the kernel waits until all forks of the
// host stand still: 7 to 20 ms when it has not done so for a while, 40 µs when it has. That is worth more than
// cgroup.kill, for the end of init ends the whole run, too.
//
// CPU time is divided by the cpu controller, see Share: no limit needs it, but fair timing does.
//
// # Why not a library
//
// github.com/containerd/cgroups was measured and left out. Making and removing the groups of a run
// with it costs 304 µs, with mkdirat and unlinkat beneath a descriptor 78 µs (version 1, three
// hierarchies). Linking it, even for the base alone, adds 8 MB and 1.2 ms to each start of our binary,
// and 50 µs to each plain fork of it (135 to 190 µs), which sandboxes pay for every run: it brings
// ebpf, D-Bus and protobuf, whose initialisation dirties 3.6 MB.
package limits
