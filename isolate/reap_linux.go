package isolate

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// cloneNumber is what the parent calls a clone; none is 0.
type cloneNumber uint64

// noClone in a list of numbers is in the place of one.
const noClone cloneNumber = 0

// encodeNumbers returns the argument of prepare, join and reap: the clone that the message is about, and those that are
// dead, and nobody else will ask for.
func encodeNumbers(about cloneNumber, dead []cloneNumber) []byte {
	arg := binary.LittleEndian.AppendUint64(nil, uint64(about))
	for _, n := range dead {
		arg = binary.LittleEndian.AppendUint64(arg, uint64(n))
	}
	return arg
}

func parseNumbers(arg []byte) (about cloneNumber, dead []cloneNumber, err error) {
	if len(arg) == 0 || len(arg)%8 != 0 {
		return 0, nil, fmt.Errorf("numbers of %d bytes: want 8 for each clone", len(arg))
	}
	for i := 8; i < len(arg); i += 8 {
		dead = append(dead, cloneNumber(binary.LittleEndian.Uint64(arg[i:])))
	}
	return cloneNumber(binary.LittleEndian.Uint64(arg)), dead, nil
}

// reapDead reaps the clones that a message says are dead, and returns the one that it is about.
func (m *intermediate) reapDead(msg handshake.Message) (about cloneNumber, err error) {
	about, dead, err := parseNumbers(msg.Args[0])
	if err != nil {
		return noClone, fmt.Errorf("%v: %w", msg.Kind, err)
	}
	for _, number := range dead {
		if _, err := m.reap(number); err != nil {
			return noClone, err
		}
	}
	return about, nil
}

// tellEnd waits for the end of a clone, which the parent has seen to, and tells it. The kernel lets an init end only
// when every other process of its namespace has.
func (m *intermediate) tellEnd(number cloneNumber) error {
	var info goneInfo
	if number != noClone {
		var err error
		if info, err = m.reap(number); err != nil {
			return err
		}
	}
	return m.conn.Send(handshake.Message{Kind: handshake.Gone, Args: [][]byte{info.encode()}})
}

// reap waits for a clone.
func (m *intermediate) reap(number cloneNumber) (goneInfo, error) {
	i := slices.IndexFunc(m.runs, func(c clone) bool { return c.number == number })
	if i < 0 {
		return goneInfo{}, fmt.Errorf("reap: there is no clone %d", number)
	}
	c := m.runs[i]
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		_, err := unix.Wait4(c.pid, &status, 0, &usage)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return goneInfo{}, fmt.Errorf("wait for a clone: %w", err)
		}
	}
	m.runs = append(m.runs[:i], m.runs[i+1:]...)
	m.free = append(m.free, c.arena)
	if c.network != nil {
		if err := m.leaveNetwork(c.network); err != nil {
			return goneInfo{}, err
		}
	}
	return goneInfo{
		Status: int64(status), User: usage.Utime.Nano(), System: usage.Stime.Nano(), MaxRSS: usage.Maxrss,
	}, nil
}

// goneInfo is the argument of gone: how a clone ended and what it and all that it reaped used.
type goneInfo struct {
	Status       int64
	User, System int64 // nanoseconds
	MaxRSS       int64 // KiB
}

// encode returns the fields in their order, little endian.
func (g goneInfo) encode() []byte {
	arg, _ := binary.Append(nil, binary.LittleEndian, g) // of fields with a size cannot fail
	return arg
}

func parseGone(arg []byte) (info goneInfo, err error) {
	if want := binary.Size(info); len(arg) != want {
		return info, fmt.Errorf("message of %d bytes: want %d", len(arg), want)
	}
	_, err = binary.Decode(arg, binary.LittleEndian, &info)
	return info, err
}
