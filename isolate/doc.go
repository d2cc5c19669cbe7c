// Package isolate runs a program alone: in fresh process, mount and IPC namespaces, on a fresh
// copy-on-write root, without any privilege, and it leaves nothing behind.
//
// It starts and ends processes. It does not limit or measure what they use: package limits does,
// and a Gate, or the files of control groups that Prepare takes, is where the two meet. It knows nothing of tests
// and verdicts.
//
// # Interface
//
// Three values say what is wanted. Their zero values are the strictest, and printing one names all
// that is set:
//
//	Config   what a Sandbox has as long as it lives: name, network, users, namespaces to share
//	Root     the file system of a run: layers, files to create, binds, tmpfs; its hooks
//	Program  what is executed: arguments, environment, streams, rlimits, Landlock, CPUs, timeout
//
// Config.New starts a Sandbox, which runs one program at a time, as often as it is told: by Run, by
// Output, or by Start and the Process's Wait. Process.Exec adds a second program to one that runs.
// A program that nobody waits for is killed when its Sandbox is used again or closed.
//
// # Theory of operation
//
// Four kinds of process take part in a run:
//
//	parent        the caller: any Go program whose main begins with Enter. Trusted.
//	intermediate  one per Sandbox, as long as that lives: the caller's binary executed again, with an
//	              empty environment, not traceable, root only in a user namespace of its own.
//	              It holds what programs cannot change: user, network, UTS and cgroup namespace,
//	              and the mounts of the base, in a mount namespace that shows nothing of the host
//	              but the toolchain directories.
//	init          process 1 of a run, cloned by the intermediate into new process, mount and IPC
//	              namespaces. It builds the root, starts the program, reaps, reports its end and
//	              exits; the kernel then kills what is left.
//	program       process 2, because process 1 ignores signals that it does not handle, and abort
//	              would look different. It gives up everything, waits at the gate, and becomes
//	              the program by execve.
//
//	parent ──exec──> intermediate ──clone──> init ──clone──> program ──execve──> the submission
//	   │  control socket  │                    │  run socket    │
//	   └──────────────────┴────────────────────┴────────────────┘
//
// Init and the program share the intermediate's memory (CLONE_VM), so that no address space is copied
// for a run. They run none of its code but a loop over prepared system calls: see internal/child.
// Who says what to whom, and when, is in internal/handshake.
//
// # Identity
//
// In a sandbox the intermediate and init are user 0 and the program is user 1000, or another that
// Config.IDs names, with the groups that it names. To the host they are two ids that belong to
// nobody else, of a range that follows from the intermediate's pid: one of all ids, or of those set
// aside for the user that we are (subuid(5)). Without such a range all three have our own id, and
// are the program's user inside; Mechanisms says so, and what is missing. The program is then kept
// from init and from what it may not write by the filter and by Landlock alone. Further ids are
// mapped only when Config.IDs says which, and never root's. The program is never root of any
// namespace, has no capabilities and cannot get any; init's bounding set is empty and its
// securebits are locked before it exists.
//
// # Root
//
// The root is an overlay: a Root's layers, the highest on top, and a tmpfs of bounded size that
// takes what the program writes. Root.Create is made in it before the program starts. Layers and
// Scratches come from a mount namespace of our own: a thread of the parent has it, or, when the
// parent is no root, a process that ends with the last Sandbox and Scratch, the keeper. Without a
// root file system of the caller's own the lowest layer is a skeleton with the host's toolchain
// directories, read-only. /proc shows the run's own processes, read-only; /dev has null, zero,
// full, random and urandom.
//
// # Death
//
// When Run returns nothing of the run exists; Process.WaitProcesses returns when no process of it does, while
// the kernel still takes its namespaces down, and the next run's beginning, or Close, buries the dead init. A program is killed by killing init. If the parent dies,
// the intermediate sees the end of its socket and exits, and init, which has asked for it (prctl(2)
// PR_SET_PDEATHSIG), dies with the intermediate. No mount is visible outside of the sandbox, so
// none is left.
//
// Linux 5.12 is needed (mount_setattr(2)), with user namespaces, and overlayfs in them (5.11).
package isolate
