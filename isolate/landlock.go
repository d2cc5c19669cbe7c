package isolate

import (
	"fmt"

	"judge/isolate/internal/policy"
)

// Landlock takes accesses from a program beside those that no sandbox has, by landlock(7). The zero
// value takes nothing. Each method returns a new value that leaves of one kind of access what it names,
// together with what the value left of that kind before, and nothing else; without arguments, nothing at all.
// Kinds that no method was called for stay as they are. What is refused fails with EACCES.
//
//	Landlock{}.Write("/work", "/dev/null").Connect(443)
//
// lets a program read and execute what it could, write only there, and connect to that port alone.
//
// Paths are those inside the sandbox, of files or of directories with all beneath, and must exist. The
// program is executed under it: Read and Execute must leave its interpreter and its libraries.
//
// Start refuses what the kernel cannot enforce: Read and Execute take Linux 5.19, Write takes 6.2, Bind and
// Connect take 6.7. BestEffort enforces what it can.
type Landlock struct {
	restriction policy.Restriction
	bestEffort  bool
}

// Read leaves reading of files and listing of directories.
func (l Landlock) Read(paths ...string) Landlock {
	l.restriction.Read = with(l.restriction.Read, paths)
	return l
}

// Write leaves writing, making, removing, linking and renaming.
func (l Landlock) Write(paths ...string) Landlock {
	l.restriction.Write = with(l.restriction.Write, paths)
	return l
}

// Execute leaves execution.
func (l Landlock) Execute(paths ...string) Landlock {
	l.restriction.Execute = with(l.restriction.Execute, paths)
	return l
}

// Bind leaves TCP ports to listen on. A socket that listens without a call of bind(2) gets a port from
// the kernel all the same.
func (l Landlock) Bind(ports ...uint16) Landlock {
	l.restriction.Bind = with(l.restriction.Bind, ports)
	return l
}

// Connect leaves TCP ports to connect to.
func (l Landlock) Connect(ports ...uint16) Landlock {
	l.restriction.Connect = with(l.restriction.Connect, ports)
	return l
}

// BestEffort drops what the kernel cannot enforce, all of it when there is no Landlock.
func (l Landlock) BestEffort() Landlock {
	l.bestEffort = true
	return l
}

// with returns a new list, which is never nil.
func with[T any](list, more []T) []T {
	return append(append(make([]T, 0, len(list)+len(more)), list...), more...)
}

// String shows what is left of each kind that is restricted.
func (l Landlock) String() string {
	text := "landlock"
	for _, kind := range []struct {
		name  string
		paths []string
	}{{"read", l.restriction.Read}, {"write", l.restriction.Write}, {"execute", l.restriction.Execute}} {
		if kind.paths != nil {
			text += fmt.Sprintf(" %s=%q", kind.name, kind.paths)
		}
	}
	for _, kind := range []struct {
		name  string
		ports []uint16
	}{{"bind", l.restriction.Bind}, {"connect", l.restriction.Connect}} {
		if kind.ports != nil {
			text += fmt.Sprintf(" %s=%d", kind.name, kind.ports)
		}
	}
	if l.bestEffort {
		text += " best effort"
	}
	return text
}
