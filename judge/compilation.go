package judge

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"judge/isolate"
	"judge/judge/cache"
)

// compilation is what is known of a compiler's run, beside its files.
type compilation struct {
	ExitCode int
	Head     []byte // of its messages
	Total    int64  // bytes of its messages
}

// A compilation that was cached is a tar archive: the description first, then what the compiler left in
// the work directory. Everything else that it wrote is not part of the program.
const descriptionName = "compilation.json"

// errNotCacheable says that a compilation left something that an archive cannot bring back.
var errNotCacheable = errors.New("not cacheable")

// cached is what compileCode does, done only once for the same sources, language, compiler and file system.
// Only what the compiler decided is kept: not what a limit or our own machinery did.
func (w *worker) cached(root *isolate.Root, p *program, compile func() (Facts, *stream)) (f Facts, messages *stream, hit bool) {
	key, err := w.compilationKey(root, p)
	if w.cache == nil || err != nil {
		f, messages = compile()
		return f, messages, false
	}
	f, messages, err = w.restore(key, p)
	if !errors.Is(err, fs.ErrNotExist) {
		f.Err = err
		return f, messages, true
	}
	f, messages = compile()
	if f.compilerDecided() {
		// A cache that cannot be written to costs time, and nothing else.
		_ = w.cache.Put(key, func(to io.Writer) error {
			return archive(to, p, compilation{f.ExitCode, messages.head, messages.total})
		})
	}
	return f, messages, false
}

// compilerDecided tells whether a compiler came to its own end, and would again.
func (f Facts) compilerDecided() bool {
	missing := f.ExitCode == 0 && f.Artifact != ""
	return f.Err == nil && f.Exec == 0 && f.Stop == "" && f.Signal == "" && !missing && len(f.exceeded()) == 0
}

// compilationKey is the hash of all that a compilation depends on. With a directory that others may write
// to there is none.
func (w *worker) compilationKey(root *isolate.Root, p *program) (cache.Key, error) {
	hash := sha256.New()
	l := p.code.Language
	fmt.Fprintf(hash, "3 %q %q %q %q %q %v\n", l.Name, p.code.CompileCommand(), l.Prepare, p.env, p.toolchain, l.CompileLimits)
	for _, f := range p.sources {
		fmt.Fprintf(hash, "%q %x\n", f.name, f.sum)
	}
	var places []string
	for _, layer := range root.Layers {
		places = append(places, layer.Path)
	}
	for _, b := range root.Binds {
		if b.Writable {
			return cache.Key{}, errNotCacheable
		}
		places = append(places, b.Source)
	}
	if !root.NoBase {
		fmt.Fprintf(hash, "%x\n", w.toolchain.fingerprint())
	}
	for _, place := range places {
		sum, err := w.trees.tree(place)
		if err != nil {
			return cache.Key{}, err
		}
		fmt.Fprintf(hash, "%x\n", sum)
	}
	return cache.Key(hash.Sum(nil)), nil
}

// archive writes a compilation.
func archive(to io.Writer, p *program, c compilation) error {
	writer := tar.NewWriter(to)
	description, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := writeEntry(writer, descriptionName, 0, int64(len(description)), bytes.NewReader(description)); err != nil {
		return err
	}
	left := map[string]bool{}
	if err := archiveDirectory(writer, p, "", left); err != nil {
		return err
	}
	for _, f := range p.sources {
		if !left[f.name] {
			return fmt.Errorf("source %s is gone: %w", f.name, errNotCacheable)
		}
	}
	return writer.Close()
}

func archiveDirectory(writer *tar.Writer, p *program, directory string, left map[string]bool) error {
	entries, err := p.scratch.ReadDir(path.Join(workDir, directory))
	if err != nil {
		return err
	}
	if directory != "" && len(entries) == 0 {
		return fmt.Errorf("%s is empty: %w", directory, errNotCacheable)
	}
	for _, e := range entries {
		name := path.Join(directory, e.Name())
		left[name] = true
		switch {
		case e.IsDir():
			err = archiveDirectory(writer, p, name, left)
		case e.Type().IsRegular():
			err = archiveFile(writer, p, name)
		default:
			err = fmt.Errorf("%s is no regular file: %w", name, errNotCacheable)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// archiveFile adds a file, unless it is a source, which is there before anything is compiled.
func archiveFile(writer *tar.Writer, p *program, name string) error {
	f, err := p.scratch.Open(path.Join(workDir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	if i := slices.IndexFunc(p.sources, func(s sourceSum) bool { return s.name == name }); i >= 0 {
		sum := sha256.New()
		if _, err := io.Copy(sum, f); err != nil {
			return err
		}
		if !bytes.Equal(sum.Sum(nil), p.sources[i].sum) {
			return fmt.Errorf("source %s was changed: %w", name, errNotCacheable)
		}
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return writeEntry(writer, name, info.Mode().Perm(), info.Size(), f)
}

func writeEntry(writer *tar.Writer, name string, mode fs.FileMode, size int64, content io.Reader) error {
	if err := writer.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(mode), Size: size}); err != nil {
		return err
	}
	_, err := io.Copy(writer, content)
	return err
}

// restore puts what a compilation left where it would be; fs.ErrNotExist when it is not in the cache.
func (w *worker) restore(key cache.Key, p *program) (Facts, *stream, error) {
	messages := &stream{}
	content, err := w.cache.Get(key)
	if err != nil {
		return Facts{}, messages, err
	}
	defer content.Close()
	reader := tar.NewReader(content)
	if _, err := reader.Next(); err != nil {
		return Facts{}, messages, err
	}
	var c compilation
	if err := json.NewDecoder(reader).Decode(&c); err != nil {
		return Facts{}, messages, err
	}
	for {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = p.scratch.Create(path.Join(workDir, header.Name), uint32(header.Mode)|sourceMode, reader)
		}
		if err != nil {
			return Facts{}, messages, err
		}
	}
	messages.head, messages.total = c.Head, c.Total
	// It broke no limit, or it would not be here.
	return Facts{ExitCode: c.ExitCode, Messages: string(c.Head)}, messages, nil
}
