// Package selftest runs the hostile programs that come with judge and says which defences held.
//
// A program is judged like any submission, and right behind it, in the same sandbox slot, a harmless
// one. Around it lie canaries: sockets, a process, files and IPC objects of the host that nothing in a
// sandbox may reach. A defence has held if the verdict is one of those that the program names and came
// in time, the program did not print that it got somewhere, host and canaries are as before, and the
// harmless program is accepted.
//
//	hostile.Program ─attack─> []judge.Task ─Batch─> records ─┐
//	            snapshot of the host before and after ───────┼─judge (pure)─> Result
//	                          canaries that were touched ────┘
//
// It is no proof: it finds what the programs try and what the snapshot looks at. Memory of the kernel
// and its log are not looked at, because other work on the machine changes them as well.
package selftest
