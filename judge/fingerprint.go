package judge

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// fingerprints tells whether directories are as they were when something was cached, without reading what
// is in their files. It looks at each once in a batch. It is safe for concurrent use; the zero value has
// looked at none.
type fingerprints struct {
	mu   sync.Mutex
	seen map[string]*fingerprint
}

type fingerprint struct {
	once sync.Once
	sum  [sha256.Size]byte
	err  error
}

// toolchainDirs change whenever a package manager replaces something in them.
var toolchainDirs = []string{"/usr", "/usr/bin", "/usr/include", "/usr/include/*", "/usr/local/include", "/usr/local/include/*", "/usr/lib", "/usr/lib/gcc/*/*", "/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/local", "/usr/local/bin", "/usr/local/lib"}

// toolchain stands for the host's compilers and libraries.
func (f *fingerprints) toolchain() [sha256.Size]byte {
	sum, _ := f.once("toolchain", func(h hash.Hash) error {
		for _, pattern := range toolchainDirs {
			names, _ := filepath.Glob(pattern)
			for _, name := range names {
				if info, err := os.Stat(name); err == nil {
					describe(h, name, info)
				}
			}
		}
		return nil
	})
	return sum
}

// tree stands for everything in a directory, or for one file.
func (f *fingerprints) tree(root string) ([sha256.Size]byte, error) {
	return f.once("tree "+root, func(h hash.Hash) error {
		return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				describe(h, name, info)
			}
			return err
		})
	})
}

// describe adds what changes when a file does.
func describe(h hash.Hash, name string, info fs.FileInfo) {
	fmt.Fprintf(h, "%q %v %d %d %s\n", name, info.Mode(), info.Size(), info.ModTime().UnixNano(), changed(info))
}

func (f *fingerprints) once(name string, look func(hash.Hash) error) ([sha256.Size]byte, error) {
	f.mu.Lock()
	if f.seen == nil {
		f.seen = map[string]*fingerprint{}
	}
	p := f.seen[name]
	if p == nil {
		p = &fingerprint{}
		f.seen[name] = p
	}
	f.mu.Unlock()
	p.once.Do(func() {
		h := sha256.New()
		p.err = look(h)
		h.Sum(p.sum[:0])
	})
	return p.sum, p.err
}
