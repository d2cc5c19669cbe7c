// Package child is what runs between clone and execve: init and the program, as a small
// interpreter of system calls over memory that they share with the intermediate.
//
// The two are cloned with CLONE_VM and a stack of their own: nothing of the intermediate's address
// space is copied, faulted or torn down for a run (a quarter of a run's CPU time when it is). The
// price is that neither may use anything of Go's runtime. So all that they do is prepared as data,
// a list of Steps per phase, by plain Go code that tests and `judge explain` can read; the
// interpreter only makes the calls and reports the index and errno of the first that fails.
//
// It is the only package of isolate with assembly code, and the only one whose code runs outside of Go's runtime; other
// files that import unsafe, for a system call that x/sys does not have, end in _unsafe.go. It is not for anything that
// must look at the result of a call: such a step does not exist, but for the few rules of Step.Want.
package child
