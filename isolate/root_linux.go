package isolate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// setRoot has the intermediate attach a root's mounts.
func (s *Sandbox) setRoot(root *Root) error {
	spec, mounts, err := s.openRoot(root)
	defer func() {
		for _, m := range mounts {
			m.Close()
		}
	}()
	if err != nil {
		return err
	}
	arg, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	s.root = nil
	setRoot := handshake.Message{Kind: handshake.SetRoot, Args: [][]byte{arg}, Files: mounts}
	if _, err := s.ask(setRoot, "attach the root's mounts", handshake.RootReady); err != nil {
		return err
	}
	s.root, s.spec = root, spec
	return nil
}

// specOf says of a root what does not depend on the host's files.
func specOf(root *Root) rootSpec {
	spec := rootSpec{
		Base: !root.NoBase, Layers: len(root.Layers), Upper: root.Upper != nil,
		Size: cmp.Or(root.Size, defaultSize), Inodes: cmp.Or(root.Inodes, defaultInodes),
		CPUs:      ownCPUs(),
		HookPivot: root.Hooks.BeforePivot != nil, HookExec: root.Hooks.BeforeExec != nil,
	}
	if s, err := theStanding(); err == nil {
		spec.OneID = s.mapping.by == byOneID
		spec.SharedFiles = !root.Locks && (s.hostDevices() || root.bindsReadOnly())
	}
	if spec.Base {
		spec.Moves = toolchainMounts()
	}
	if root.Upper == nil {
		spec.Create = entrySpecs(root.Create)
	}
	for _, t := range root.Tmpfs {
		spec.Tmpfs = append(spec.Tmpfs, Tmpfs{
			Target: filepath.Clean(t.Target), Size: cmp.Or(t.Size, defaultSize), Inodes: cmp.Or(t.Inodes, defaultInodes),
		})
	}
	return spec
}

// bindsReadOnly tells whether the root shows files of the host as they are, not as a layer does: whoever has them
// sees the locks of all others that have them.
func (r *Root) bindsReadOnly() bool {
	return slices.ContainsFunc(r.Binds, func(b Bind) bool { return !b.Writable })
}

// checkTarget refuses what cannot be mounted on.
func checkTarget(target string) error {
	if !filepath.IsAbs(target) || filepath.Clean(target) == "/" {
		return fmt.Errorf("target %q is not an absolute path below /", target)
	}
	return nil
}

// attributes are those of the mount, for mount_setattr(2).
func (b Bind) attributes() uint64 {
	attributes := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
	for _, flag := range []struct {
		set  bool
		attr uint64
	}{{!b.Writable, unix.MOUNT_ATTR_RDONLY}, {b.NoExec, unix.MOUNT_ATTR_NOEXEC}, {b.NoSymFollow, unix.MOUNT_ATTR_NOSYMFOLLOW}} {
		if flag.set {
			attributes |= flag.attr
		}
	}
	return attributes
}

// openRoot opens what a root is made of. The parent does it, because only it may: the paths can
// lie where a slot's root may not look.
func (s *Sandbox) openRoot(root *Root) (rootSpec, []*os.File, error) {
	spec := specOf(root)
	spec.Network, spec.Ports = s.config.Network, s.config.Ports
	spec.Share, spec.IDs = s.config.Share, s.config.IDs
	if err := openEntries(root, &spec); err != nil {
		return spec, nil, err
	}
	var mounts []*os.File
	open := func(tree treeRequest, attributes uint64) error {
		tree.Attributes = attributes
		f, err := s.mounts.open(mountRequest{Tree: &tree})
		if err == nil {
			mounts = append(mounts, f)
		}
		return err
	}
	const readOnly = unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	for _, l := range root.Layers {
		tree := treeRequest{Path: l.Path}
		if l.Scratch != nil {
			if err := l.Scratch.seal(); err != nil {
				return spec, mounts, fmt.Errorf("layer: %w", err)
			}
			tree.Path = l.Scratch.layer()
		}
		if err := open(tree, readOnly); err != nil {
			return spec, mounts, fmt.Errorf("layer %s: %w", l.Path, err)
		}
	}
	if root.Upper != nil {
		if err := open(root.Upper.upper(s.ids), unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
			return spec, mounts, err
		}
	}
	for _, b := range root.Binds {
		if err := checkTarget(b.Target); err != nil {
			return spec, mounts, fmt.Errorf("bind %s: %w", b.Source, err)
		}
		info, err := os.Stat(b.Source)
		if err != nil {
			return spec, mounts, fmt.Errorf("bind: %w", err)
		}
		if err := open(treeRequest{Path: b.Source}, b.attributes()); err != nil {
			return spec, mounts, fmt.Errorf("bind %s: %w", b.Source, err)
		}
		spec.Binds = append(spec.Binds, bindSpec{Target: filepath.Clean(b.Target), File: !info.IsDir(), Writable: b.Writable})
	}
	for _, t := range root.Tmpfs {
		if err := checkTarget(t.Target); err != nil {
			return spec, mounts, fmt.Errorf("tmpfs: %w", err)
		}
	}
	if root.Upper != nil {
		if err := root.Upper.makeMountPoints(spec); err != nil {
			return spec, mounts, fmt.Errorf("mount points: %w", err)
		}
	}
	return spec, mounts, nil
}
