// Package policy says what a program may ask of the kernel, as two values: Seccomp, which system
// calls, and Landlock, which files and ports. It assembles them into what the kernel takes. But
// for what all have in common, a child installs them, with a few system calls whose arguments are made here.
//
//	InstallStanding, once for all sandboxes of a process
//	             Seccomp.Fprog ──> seccomp(SET_MODE_FILTER, NotifyFlags, fprog) = listener
//	Landlock.Plan(ABI()) ──> Plan ─┬─ Attr   ──> landlock_create_ruleset(attr, 24, 0) = ruleset
//	                               ├─ Ports  ──> landlock_add_rule(ruleset, RuleNetPort, attr, 0)
//	                               ├─ Paths  ──> openat(AT_FDCWD, path, O_PATH|O_CLOEXEC) = fd
//	                               │             landlock_add_rule(ruleset, RulePathBeneath, attr(fd), 0)
//	                               └─────────────landlock_restrict_self(ruleset, 0)
//
// The paths of Landlock mean the files that the opener sees, so they are opened in the new root.
// Both need no_new_privs. A domain of Landlock may not mount, so it is entered when the root is
// complete; the filter is the last step but execve.
//
// # Answers of the filter
//
//	allowed    nothing happens; for most calls the kernel (5.11) does not even run the filter
//	forbidden  calls that change or inspect the machine, or other processes: EPERM, or what Mode says
//	denied     calls that a decent program may try: an errno in every Mode
//	absent     everything else, also calls of other architectures (x32, int 0x80) and calls that
//	           are newer than this package: ENOSYS, as if the kernel were older or smaller
//
// It is not for limits: what a program may use is the business of groups and rlimits.
package policy
