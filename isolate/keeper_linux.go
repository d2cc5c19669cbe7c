package isolate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// keeperName is the argument list of a re-executed binary that is to be a keeper.
const keeperName = "judge: mounts"

// serveKeeper is the whole life of a keeper: the process that does for a parent without privileges
// what takes a mount namespace. It has all capabilities in a user namespace with the ids of all
// slots, so it can give them files and read theirs, and sees the host's files with the rights of the
// parent's user. It ends when the parent does, and with it the Scratches.
func serveKeeper() error {
	conn, err := handshake.NewConn(os.NewFile(controlFD, "control"))
	if err != nil {
		return err
	}
	prepared := false
	for {
		// The parent has mapped our ids before it asks for anything.
		m, err := conn.Receive("keep mounts", time.Time{}, handshake.ScratchPlease, handshake.MountPlease)
		if errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) {
			return nil
		}
		if err != nil {
			refuseMounts(conn, err)
			return err
		}
		if !prepared {
			err = prepareKeeper()
			prepared = err == nil
		}
		if err == nil {
			err = answerMounts(conn, m)
		} else {
			err = refuseMounts(conn, err)
		}
		if errors.Is(err, unix.EPIPE) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func prepareKeeper() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl PR_SET_DUMPABLE", err)
	}
	unix.Umask(0o022)
	return makeMounterPlace()
}

// answerMounts does what a message asks for, or says why not. An error is the conversation's.
func answerMounts(conn *handshake.Conn, m handshake.Message) error {
	if m.Kind == handshake.ScratchPlease {
		var r scratchRequest
		if err := json.Unmarshal(m.Args[0], &r); err != nil {
			return refuseMounts(conn, err)
		}
		if err := r.perform(); err != nil {
			return refuseMounts(conn, err)
		}
		return conn.Send(handshake.Message{Kind: handshake.ScratchDone})
	}
	var r mountRequest
	if err := json.Unmarshal(m.Args[0], &r); err != nil {
		return refuseMounts(conn, err)
	}
	f, err := r.perform()
	if err != nil {
		return refuseMounts(conn, err)
	}
	defer f.Close()
	return conn.Send(handshake.Message{Kind: handshake.MountFD, Files: []*os.File{f}})
}

func refuseMounts(conn *handshake.Conn, cause error) error {
	arg, err := json.Marshal(newMountError(cause))
	if err != nil {
		return err
	}
	return conn.Send(handshake.Message{Kind: handshake.Error, Args: [][]byte{arg}})
}

// mountError is what a keeper says of a request that failed: the text, and the errno for errors.Is.
type mountError struct {
	Text  string
	Errno syscall.Errno
}

func newMountError(err error) *mountError {
	e := &mountError{Text: cutError(err.Error())}
	errors.As(err, &e.Errno)
	return e
}

func (e *mountError) Error() string { return e.Text }

func (e *mountError) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// parseMountError returns the error that a keeper told.
func parseMountError(arg []byte) error {
	e := &mountError{}
	if err := json.Unmarshal(arg, e); err != nil {
		return fmt.Errorf("the keeper of mounts reports %q", arg)
	}
	return e
}

// devices returns nil: a user namespace can make no nodes.
func (k *keeper) devices() (*os.File, error) { return nil, nil }
