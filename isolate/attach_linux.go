package isolate

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// setRoot attaches the mounts of the runs to come in place of those before.
func (m *intermediate) setRoot(msg handshake.Message) error {
	var spec rootSpec
	if err := json.Unmarshal(msg.Args[0], &spec); err != nil {
		return fmt.Errorf("set-root: %w", err)
	}
	targets := attached(m.spec)
	for i := range targets {
		if err := unix.Unmount(targets[len(targets)-1-i], unix.MNT_DETACH); err != nil {
			return fmt.Errorf("detach %s: %w", targets[len(targets)-1-i], err)
		}
	}
	m.spec, m.plans = rootSpec{}, nil
	targets = attached(spec)
	if len(targets) != len(msg.Files) {
		return fmt.Errorf("set-root: expected %d mounts, got %d descriptors", len(targets), len(msg.Files))
	}
	for i, target := range targets {
		if err := attach(msg.Files[i], target); err != nil {
			return err
		}
	}
	m.spec = spec
	return m.conn.Send(handshake.Message{Kind: handshake.RootReady})
}

// attached lists where the mounts of a root go, in the order of their descriptors.
func attached(spec rootSpec) []string {
	var targets []string
	for i := range spec.Layers {
		targets = append(targets, layerDir(i))
	}
	if spec.Upper {
		targets = append(targets, upperDir)
	}
	for i := range spec.Binds {
		targets = append(targets, bindDir(i))
	}
	return targets
}

// attach mounts what a descriptor of open_tree or fsmount refers to.
func attach(mount *os.File, target string) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(mount.Fd()), &st); err != nil {
		return fmt.Errorf("stat the mount for %s: %w", target, err)
	}
	// What an earlier mount was attached to may be of the other type.
	unix.Unlink(target)
	unix.Rmdir(target)
	var err error
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		err = unix.Mkdir(target, 0o755)
	} else {
		err = unix.Mknod(target, unix.S_IFREG|0o600, 0)
	}
	if err != nil {
		return fmt.Errorf("make the mount point %s: %w", target, err)
	}
	if err := unix.MoveMount(int(mount.Fd()), "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("attach the mount at %s: %w", target, err)
	}
	return nil
}
