// Package handshake is the process-sync core: the typed messages by which parent, intermediate,
// init and program take turns while a sandbox is made and a run happens.
//
// It is not a general RPC: each message belongs to one place of the ladder below, a test compares
// the ladder with the constants, and everything unexpected is refused by name. Messages go over
// SOCK_SEQPACKET sockets (unix(7)), so they arrive whole or not at all, in order, with their
// descriptors in the same message and the sender's pid as the receiver sees it. The death of a
// peer is an end of file, never a hang; a receive that could wait for a stuck peer has a deadline.
//
// The conversation of a slot, on the socket that the intermediate was started with:
//
//	intermediate                    parent
//	  mapping-please        ──>     writes uid_map and gid_map
//	                        <──     mapping-written (+ a /dev, if the parent may make nodes)
//	  intermediate-ready    ──>
//	                        <──     set-root (+ a descriptor for each mount)
//	  root-ready            ──>
//	                        <──     prepare (+ the run's socket, tasks files that the program is to enter)
//	                        <──     join (+ a socket, pidfd of a run's init)
//	                        <──     reap
//	  gone                  ──>     a run's init, or what joined it, is reaped
//
// A parent that has another run waiting learns of init's end by its pidfd, and says with prepare, join or reap that it
// is to be reaped: so the intermediate sleeps until then. Otherwise it asks with reap, and waits for gone.
//
// The conversation of a run, on the run's socket, whose end is inherited by init and the program:
//
//	init, program                   parent
//	  admit                 ──>     puts the program into its groups, unless it does that itself
//	                        <──     admitted
//	  hooks                 ──>     runs the caller's hook, before the root is changed or before execve
//	                        <──     hooks-done
//	  ready (+ descriptors) ──>     keeps init's pidfd, and supervises what the filter's listener asks: go says so
//	                        <──     go (+ the program's descriptors); the clocks start
//	  exit                  ──>
//
// Once it has admitted the program, or has sent prepare where that enters its groups itself, the parent may turn to
// something else until it wants the run: what comes up to ready needs no answer, unless there is a hook. Waking one
// another is what costs most in a conversation.
//
// The conversation of a parent without privileges with the process that keeps its mounts:
//
//	keeper                          parent
//	                        <──     scratch-please
//	  scratch-done          ──>     a Scratch has a file system, or none any more
//	                        <──     mount-please
//	  mount-fd (+ a tree)   ──>     passes a tree on with set-root; or reads or writes a file
//
// Each side may send error instead of what is expected of it.
package handshake
