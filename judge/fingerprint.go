package judge

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A fingerprint tells whether directories are as they were when something was cached, without reading what
// is in their files.

// toolchain stands for the host's compilers and libraries. The zero value has not looked at them; it is safe
// for concurrent use.
type toolchain struct {
	mu     sync.Mutex
	looked time.Time
	sum    [sha256.Size]byte
}

// toolchainAge is for how long the host's toolchain is believed to be as it was: somebody may install another
// compiler while a pool lives.
const toolchainAge = time.Minute

// toolchainDirs change whenever a package manager replaces something in them.
var toolchainDirs = []string{"/usr", "/usr/bin", "/usr/include", "/usr/include/*", "/usr/local/include", "/usr/local/include/*", "/usr/lib", "/usr/lib/gcc/*/*", "/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/local", "/usr/local/bin", "/usr/local/lib"}

func (t *toolchain) fingerprint() [sha256.Size]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.looked.IsZero() && time.Since(t.looked) < toolchainAge {
		return t.sum
	}
	h := sha256.New()
	for _, pattern := range toolchainDirs {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if info, err := os.Stat(name); err == nil {
				describe(h, name, info)
			}
		}
	}
	h.Sum(t.sum[:0])
	t.looked = time.Now()
	return t.sum
}

// fingerprints stand for directories that tasks name. Each is looked at once in a batch. They are safe for
// concurrent use; the zero value has looked at none.
type fingerprints struct {
	mu   sync.Mutex
	seen map[string]*fingerprint
}

type fingerprint struct {
	once sync.Once
	sum  [sha256.Size]byte
	err  error
}

// tree stands for everything in a directory, or for one file.
func (f *fingerprints) tree(root string) ([sha256.Size]byte, error) {
	f.mu.Lock()
	if f.seen == nil {
		f.seen = map[string]*fingerprint{}
	}
	p := f.seen[root]
	if p == nil {
		p = &fingerprint{}
		f.seen[root] = p
	}
	f.mu.Unlock()
	p.once.Do(func() {
		h := sha256.New()
		p.err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				describe(h, name, info)
			}
			return err
		})
		h.Sum(p.sum[:0])
	})
	return p.sum, p.err
}

// describe adds what changes when a file does.
func describe(h hash.Hash, name string, info fs.FileInfo) {
	fmt.Fprintf(h, "%q %v %d %d %s\n", name, info.Mode(), info.Size(), info.ModTime().UnixNano(), changed(info))
}
