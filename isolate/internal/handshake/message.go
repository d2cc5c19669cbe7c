package handshake

import (
	"encoding/binary"
	"fmt"
	"os"
)

// Kind is the type of a message. The ladder in doc.go shows who sends which, and when.
type Kind uint8

const (
	_                 Kind = iota
	MappingPlease          // intermediate: write my uid_map and gid_map
	MappingWritten         // parent: done (+ a /dev, if we may make one)
	IntermediateReady      // intermediate: the base is built
	SetRoot                // parent: these are the mounts of the runs to come (+ a descriptor each)
	RootReady              // intermediate: they are in place
	Prepare                // parent: make a sandbox, and reap what is dead (+ the run's socket, tasks files to enter)
	Join                   // parent: make a program in a run's namespaces, for its root (+ a socket, pidfd of its init)
	Admit                  // program: put me into my groups
	Admitted               // parent: done
	Hooks                  // init, program: the caller's hook may look now
	HooksDone              // parent: it has
	Ready                  // program: at the gate; supervise my system calls (+ pidfd of init, listener); go says that they are
	Go                     // parent: the last calls (+ the program's descriptors)
	Exit                   // init: how the program ended, and when
	Reap                   // parent: wait for the end of a clone
	Gone                   // intermediate: it is reaped, nothing of the run is left
	ScratchPlease          // parent: make or remove the file system of a Scratch
	ScratchDone            // keeper: done
	MountPlease            // parent: open a tree of mounts, or a file of a Scratch
	MountFD                // keeper: here it is (+ the descriptor)
	Error                  // anyone, instead of the expected message
	kinds
)

// shape is what a message of a kind carries: its name, the number of its arguments and the range
// of the number of descriptors.
type shape struct {
	name             string
	args             int
	minFiles, maxFDs int
}

var shapes = [kinds]shape{
	MappingPlease:     {name: "mapping-please"},
	MappingWritten:    {name: "mapping-written", maxFDs: 1},
	IntermediateReady: {name: "intermediate-ready"},
	SetRoot:           {name: "set-root", args: 1, maxFDs: MaxFiles},
	RootReady:         {name: "root-ready"},
	Prepare:           {name: "prepare", args: 2, minFiles: 1, maxFDs: 1 + MaxTasks},
	Join:              {name: "join", args: 3, minFiles: 2, maxFDs: 2},
	Admit:             {name: "admit"},
	Admitted:          {name: "admitted"},
	Hooks:             {name: "hooks", args: 1},
	HooksDone:         {name: "hooks-done"},
	Ready:             {name: "ready", args: 2, minFiles: 1, maxFDs: 2},
	Go:                {name: "go", args: 1, maxFDs: MaxFiles},
	Exit:              {name: "exit", args: 1},
	Reap:              {name: "reap", args: 1},
	Gone:              {name: "gone", args: 1},
	ScratchPlease:     {name: "scratch-please", args: 1},
	ScratchDone:       {name: "scratch-done"},
	MountPlease:       {name: "mount-please", args: 1},
	MountFD:           {name: "mount-fd", minFiles: 1, maxFDs: 1},
	Error:             {name: "error", args: 1},
}

// MaxTasks is how many control groups a program may enter by itself: there are fewer controllers in version 1.
const MaxTasks = 15

// MaxFiles is how many descriptors one message may carry (the kernel's own bound is 253).
const MaxFiles = 64

// String returns the name that the ladder uses.
func (k Kind) String() string {
	if k > 0 && k < kinds {
		return shapes[k].name
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Message is one message. Whoever receives it closes Files.
type Message struct {
	Kind  Kind
	Args  [][]byte
	Files []*os.File
	PID   int // of the sender, in the receiver's pid namespace; 0 when the socket does not pass it
}

// Wire format, little endian: kind, number of arguments, number of descriptors (16 bits), 32 bits
// of zero; then for each argument its length in 64 bits and its bytes, padded to eight.
const (
	headSize = 8
	// FirstArg is where the first argument's bytes begin.
	FirstArg = headSize + 8
)

// Encode returns the message's bytes; descriptors travel beside them.
func (m Message) Encode() []byte {
	b := []byte{byte(m.Kind), byte(len(m.Args)), 0, 0, 0, 0, 0, 0}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(m.Files)))
	for _, a := range m.Args {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(a)))
		b = append(b, a...)
		b = append(b, make([]byte, -len(a)&7)...)
	}
	return b
}

// Decode parses what Encode made, for a message that came with the given number of descriptors.
// The arguments are slices of b. It accepts exactly the shapes of the protocol: an error names
// what was expected and what came.
func Decode(b []byte, files int) (Message, error) {
	if len(b) < headSize {
		return Message{}, fmt.Errorf("message of %d bytes: want at least %d", len(b), headSize)
	}
	k := Kind(b[0])
	if k == 0 || k >= kinds {
		return Message{}, fmt.Errorf("message of unknown %v", k)
	}
	s := shapes[k]
	if binary.LittleEndian.Uint32(b[4:]) != 0 {
		return Message{}, fmt.Errorf("%v: reserved bytes are not zero", k)
	}
	if n := int(b[1]); n != s.args {
		return Message{}, fmt.Errorf("%v: expected %d arguments, got %d", k, s.args, n)
	}
	if n := int(binary.LittleEndian.Uint16(b[2:])); n != files {
		return Message{}, fmt.Errorf("%v: announces %d descriptors, %d came", k, n, files)
	}
	if files < s.minFiles || files > s.maxFDs {
		return Message{}, fmt.Errorf("%v: expected %d to %d descriptors, got %d", k, s.minFiles, s.maxFDs, files)
	}
	m := Message{Kind: k}
	b = b[headSize:]
	for i := range s.args {
		if len(b) < 8 {
			return Message{}, fmt.Errorf("%v: argument %d is missing", k, i+1)
		}
		n := binary.LittleEndian.Uint64(b)
		b = b[8:]
		if n > uint64(len(b)) || uint64(len(b)) < n+(-n&7) {
			return Message{}, fmt.Errorf("%v: argument %d is cut off", k, i+1)
		}
		m.Args = append(m.Args, b[:n:n])
		for _, pad := range b[n : n+(-n&7)] {
			if pad != 0 {
				return Message{}, fmt.Errorf("%v: bytes after argument %d are not zero", k, i+1)
			}
		}
		b = b[n+(-n&7):]
	}
	if len(b) > 0 {
		return Message{}, fmt.Errorf("%v: %d bytes too many", k, len(b))
	}
	return m, nil
}

// CloseFiles closes the descriptors that came with the message.
func (m *Message) CloseFiles() {
	for _, f := range m.Files {
		f.Close()
	}
	m.Files = nil
}
