package judge

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"judge/isolate"
	"judge/limits"
)

// A toolchain may want to have something ready that takes it long to make and that is the same for all
// programs: Go compiles its standard library once, in ten seconds. The language's prepare command makes
// it, in a sandbox, and prints it as a tar archive. Unpacked in the user's cache directory it is a layer
// that all compile runs have, and none can write to.

// prepareLimits are those of a prepare command. What it prints is bounded by the output.
var prepareLimits = limits.Limits{
	CPU: 10 * time.Minute, Wall: 30 * time.Minute, Memory: 4 << 30, Output: 1 << 30,
	Processes: 1024, Disk: 2 << 30, Inodes: 1 << 18, OpenFiles: 1024,
}

// preparedLayer is the layer of one toolchain, for all workers of a pool: whoever needs it first makes it.
type preparedLayer struct {
	mu  sync.Mutex
	dir string // empty: not there yet
}

// prepared returns the directory that is the layer of a language's toolchain, empty when the language wants
// none.
func (w *worker) prepared(ctx context.Context, root *isolate.Root, p *program, l *Language) (string, error) {
	if len(l.Prepare) == 0 {
		return "", nil
	}
	key := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%q %q %s", l.Prepare, l.Env, p.toolchain)))
	w.mu.Lock()
	layer := w.preparedLayers[key]
	if layer == nil {
		layer = &preparedLayer{}
		w.preparedLayers[key] = layer
	}
	w.mu.Unlock()
	layer.mu.Lock()
	defer layer.mu.Unlock()
	if layer.dir != "" {
		return layer.dir, nil
	}
	dir, err := w.prepare(ctx, root, l, key)
	if err != nil {
		return "", fmt.Errorf("prepare language %s: %w", l.Name, err)
	}
	layer.dir = dir
	return dir, nil
}

// prepare finds the directory in the user's cache, or makes it there. A directory that is there is complete:
// it gets its name last.
func (w *worker) prepare(ctx context.Context, root *isolate.Root, l *Language, key string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: set XDG_CACHE_HOME to a directory for what is kept", err)
	}
	place := filepath.Join(cache, "judge", "prepared")
	if err := os.MkdirAll(place, 0o700); err != nil {
		return "", err
	}
	dir := filepath.Join(place, key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	unfinished, err := os.MkdirTemp(place, "unfinished-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(unfinished)
	archive, err := os.CreateTemp(unfinished, "archive-")
	if err != nil {
		return "", err
	}
	defer archive.Close()
	if err := w.archive(ctx, root, l, archive); err != nil {
		return "", err
	}
	if _, err := archive.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	layer := filepath.Join(unfinished, "layer")
	if err := unpack(archive, layer); err != nil {
		return "", err
	}
	if err := os.Rename(layer, dir); err != nil && !errors.Is(err, fs.ErrExist) { // another judge was faster
		return "", err
	}
	return dir, nil
}

// archive runs the prepare command and has it print into a file.
func (w *worker) archive(ctx context.Context, root *isolate.Root, l *Language, to *os.File) error {
	own := *root
	own.Locks = true
	own.Upper, own.Size, own.Inodes = nil, prepareLimits.Disk, prepareLimits.Inodes
	var messages *stream
	facts := w.retry(ctx, func() (Facts, error) {
		if _, err := to.Seek(0, io.SeekStart); err != nil {
			return Facts{}, err
		}
		if err := to.Truncate(0); err != nil {
			return Facts{}, err
		}
		var writing error
		stdout := &stream{limit: prepareLimits.Output, also: func(b []byte) {
			_, err := to.Write(b)
			writing = errors.Join(writing, err)
		}}
		messages = &stream{keep: KeepCompile, limit: compileOutput}
		if err := stdout.open(); err != nil {
			return Facts{}, err
		}
		if err := messages.open(); err != nil {
			return Facts{}, errors.Join(err, stdout.finish())
		}
		facts, _, err := w.slot.run(ctx, execution{
			program: isolate.Program{
				Path: l.Prepare[0], Args: l.Prepare, Env: environment(&Task{}, l), Dir: workDir, Root: &own,
				Stdout: stdout.write, Stderr: messages.write, Rlimits: rlimits(prepareLimits, w.host.Lack()),
			},
			limits: prepareLimits, stdout: stdout, stderr: messages,
		})
		return facts, errors.Join(err, stdout.finish(), messages.finish(), writing)
	})
	facts.Messages = string(messages.head)
	switch d := DecideCompile(facts); d.Verdict {
	case Accepted:
		return nil
	case JudgeError:
		return facts.Err
	case Skipped:
		return context.Cause(ctx)
	default:
		return errors.New(d.Message)
	}
}

// unpack makes a directory of an archive's regular files and directories. Their names are held below it, and
// modes are ours: everybody may read and execute.
func unpack(archive io.Reader, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return openToAll(dir)
		}
		if err != nil {
			return err
		}
		name := path.Clean(header.Name)
		switch header.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = unpackFile(root, name, reader)
		default:
			err = fmt.Errorf("%s: want regular files and directories", Visible(header.Name))
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
}

// openToAll lets everybody read and execute, whatever our umask is. There are no links.
func openToAll(dir string) error {
	return filepath.WalkDir(dir, func(file string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chmod(file, 0o755))
	})
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	// A crash of the host must not leave an empty file under a name that says complete.
	return errors.Join(err, f.Sync(), f.Close())
}
