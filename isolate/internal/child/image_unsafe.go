//go:build linux

package child

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// image is memory to be, at a known address: calls and all that they point to.
type image struct {
	base    uintptr
	data    []byte
	strings map[string]uint64  // addresses of those that are there already
	lists   map[*string]uint64 // the same for lists, by their first element
}

func newImage(base uintptr) *image {
	return &image{base: base, strings: map[string]uint64{}, lists: map[*string]uint64{}}
}

// add appends bytes, aligned to eight, and returns their offset.
func (m *image) add(b []byte) int {
	m.data = append(m.data, make([]byte, -len(m.data)&7)...)
	at := len(m.data)
	m.data = append(m.data, b...)
	return at
}

func (m *image) address(offset int) uint64 { return uint64(m.base) + uint64(offset) }

// steps appends the calls of a list behind their data and returns the offset of the first.
func (m *image) steps(list []Step) (int, error) {
	var table []byte
	for _, s := range list {
		if len(s.Args) > 6 {
			return 0, fmt.Errorf("bug: step %s has %d arguments", s.Name, len(s.Args))
		}
		words := [8]uint64{0: uint64(s.Call), 7: uint64(s.Want)}
		for i, a := range s.Args {
			w, err := m.word(a)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", s.Name, err)
			}
			words[1+i] = w
		}
		for _, w := range words {
			table = binary.LittleEndian.AppendUint64(table, w)
		}
	}
	return m.add(table), nil
}

// Size is how much memory a list takes.
func Size(list []Step) (size int) {
	m := newImage(0)
	m.steps(list) // what is wrong with it, Start says
	return len(m.data)
}

// word returns an argument as the register's content.
func (m *image) word(a any) (uint64, error) {
	switch a := a.(type) {
	case int:
		return uint64(a), nil
	case uintptr:
		return uint64(a), nil
	case string:
		return m.text(a)
	case []byte:
		return m.address(m.add(a)), nil
	case []string:
		return m.list(a)
	case gather:
		return m.gather(a), nil
	}
	return 0, fmt.Errorf("bug: argument of type %T", a)
}

// text returns the address of a string with its terminating zero.
func (m *image) text(s string) (uint64, error) {
	if at, ok := m.strings[s]; ok {
		return at, nil
	}
	if strings.IndexByte(s, 0) >= 0 {
		return 0, fmt.Errorf("%q has a zero byte: %w", s, unix.EINVAL)
	}
	m.strings[s] = m.address(m.add(append([]byte(s), 0)))
	return m.strings[s], nil
}

// list returns the address of an array of strings, such as execve takes.
func (m *image) list(l []string) (uint64, error) {
	if len(l) == 0 {
		return m.address(m.add(word(0))), nil
	}
	if at, ok := m.lists[&l[0]]; ok {
		return at, nil
	}
	var table []byte
	for _, s := range l {
		at, err := m.text(s)
		if err != nil {
			return 0, err
		}
		table = append(table, word(at)...)
	}
	m.lists[&l[0]] = m.address(m.add(append(table, word(0)...)))
	return m.lists[&l[0]], nil
}

// gather is a message for sendmsg(2) with descriptors, whose last bytes lie elsewhere in memory.
type gather struct {
	data     []byte
	tail     uintptr
	tailSize int
	fds      []int
}

func (g gather) String() string {
	return fmt.Sprintf("%d bytes and descriptors %d", len(g.data)+g.tailSize, g.fds)
}

func (m *image) gather(g gather) uint64 {
	var iov []byte
	for _, w := range []uint64{m.address(m.add(g.data)), uint64(len(g.data)), uint64(g.tail), uint64(g.tailSize)} {
		iov = append(iov, word(w)...)
	}
	control := unix.UnixRights(g.fds...)
	var head []byte
	for _, w := range []uint64{0, 0, m.address(m.add(iov)), 2, m.address(m.add(control)), uint64(len(control)), 0} {
		head = append(head, word(w)...)
	}
	return m.address(m.add(head))
}

// message appends a message with one argument of the given size, to be filled in by the child.
func (m *image) message(k handshake.Kind, size int) int {
	return m.add(handshake.Message{Kind: k, Args: [][]byte{make([]byte, size)}}.Encode())
}

// Release returns the argument of the go message: steps that the program runs when the message
// lies at the address that ready told.
func Release(steps []Step, address uint64) ([]byte, error) {
	if len(steps) > maxCalls {
		return nil, fmt.Errorf("bug: %d steps in a go message, at most %d", len(steps), maxCalls)
	}
	m := newImage(uintptr(address) + releaseAt)
	m.add(make([]byte, unsafe.Sizeof(releaseWords{})))
	at, err := m.steps(steps)
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint64(m.data, uint64(releaseAt+at))
	binary.LittleEndian.PutUint64(m.data[8:], uint64(len(steps)))
	return m.data, nil
}

func word(w uint64) []byte { return binary.LittleEndian.AppendUint64(nil, w) }
