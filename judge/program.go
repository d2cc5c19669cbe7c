package judge

import (
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"judge/isolate"
	"judge/limits"
)

// program is a submission that can be run: its file system and how to start it.
type program struct {
	scratch *isolate.Scratch // its source and, when it was compiled, what the compiler wrote
	root    *isolate.Root    // for test cases without files of their own
	path    string           // of the executable, inside
	args    []string         // with the program's own name; a test's arguments follow
	env     []string
}

func (p *program) close() {
	if p.scratch != nil {
		p.scratch.Close()
	}
}

// sourceMode lets a program read what is given to it, commandMode execute it as well.
const (
	sourceMode  = 0o444
	commandMode = 0o555
)

// newProgram puts a submission's source, or the command's executable, into a layer of its own.
func newProgram(t *Task, s *Submission) (p *program, err error) {
	limit := defaultCompileLimits
	if s.Language != nil {
		limit = s.Language.CompileLimits
	}
	p = &program{env: environment(t, s)}
	own, err := sizeOf(s)
	if err != nil {
		return nil, err
	}
	if p.scratch, err = isolate.NewScratch(limit.Disk+own, limit.Inodes+int64(len(s.Files))); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	p.root = rootOf(t)
	p.root.Layers = append(p.root.Layers, isolate.Layer{Scratch: p.scratch})
	p.root.Size, p.root.Inodes = t.Limits.Disk, t.Limits.Inodes
	p.path = inside(s)
	if s.Language != nil {
		p.args = s.Language.RunCommand(s.Names()...)
		return p, p.putFiles(s.Files)
	}
	p.args = s.Command
	if s.Path == "" {
		return p, nil
	}
	return p, p.copyIn(s.Path, p.path, commandMode)
}

// sizeOf is what a submission's own files take in a layer.
func sizeOf(s *Submission) (size int64, err error) {
	files := s.Files
	if s.Path != "" {
		files = []SourceFile{{Data: Data{File: s.Path}}}
	}
	for _, f := range files {
		n, err := f.Data.size()
		if err != nil {
			return 0, err
		}
		size += n + 64<<10
	}
	return size, nil
}

// putFiles puts source files into the program's layer.
func (p *program) putFiles(files []SourceFile) error {
	for _, f := range files {
		content, err := f.Data.open()
		if err != nil {
			return err
		}
		err = p.scratch.Create(path.Join(workDir, f.Name), sourceMode, content)
		content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// copyIn copies a file of the host into the program's layer.
func (p *program) copyIn(source, target string, mode uint32) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.scratch.Create(target, mode, f)
}

// interpreter returns what the first line of a command's file names to run it with, for a message
// that says what is missing; empty when it has no such line.
func interpreter(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, 256))
	line, ok := strings.CutPrefix(string(head), "#!")
	if !ok {
		return "(dynamic loader)"
	}
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// rootOf returns what all programs of a task see below their own layer. A layer that has /bin or
// /usr/bin is a root file system and replaces the host's toolchain.
func rootOf(t *Task) *isolate.Root {
	root := &isolate.Root{}
	for _, dir := range t.Sandbox.Layers {
		root.Layers = append(root.Layers, isolate.Layer{Path: dir})
		for _, bin := range []string{"/bin", "/usr/bin"} {
			if _, err := os.Stat(dir + bin); err == nil {
				root.NoBase = true
			}
		}
	}
	for _, b := range t.Sandbox.Binds {
		root.Binds = append(root.Binds, isolate.Bind{Source: b.Source, Target: b.Target, Writable: b.Writable})
	}
	return root
}

// configOf returns what the sandboxes of a task's runs have.
func configOf(t *Task) isolate.Config {
	if t.Sandbox.Network == "loopback" {
		return isolate.Config{Network: isolate.Loopback}
	}
	return isolate.Config{}
}

// searchPath is the PATH of every sandbox.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

// environment is all that a submission gets, in compile and run: later settings win.
func environment(t *Task, s *Submission) []string {
	values := map[string]string{"PATH": searchPath, "HOME": workDir, "LANG": "C.UTF-8"}
	if s.Language != nil {
		for k, v := range s.Language.Env {
			values[k] = v
		}
	}
	for k, v := range t.Sandbox.Env {
		values[k] = v
	}
	env := make([]string, 0, len(values))
	for k, v := range values {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	return env
}

// testRoot returns the file system of a test case: the program's, with the case's files on top.
// The caller closes the layer, which is nil when there are no files.
func (p *program) testRoot(test *TestCase) (*isolate.Root, *isolate.Scratch, error) {
	if root := p.sharedRoot(test); root != nil {
		return root, nil, nil
	}
	root := p.root
	own := *root
	own.Size, own.Inodes = test.Limits.Disk, test.Limits.Inodes
	if len(test.Files) == 0 {
		return &own, nil, nil
	}
	layer, err := filesLayer(test.Files)
	if err != nil {
		return nil, nil, fmt.Errorf("files of test %s: %w", test.Name, err)
	}
	own.Layers = append(slices.Clone(root.Layers), isolate.Layer{Scratch: layer})
	return &own, layer, nil
}

// sharedRoot returns the program's file system if it does for the test case, else nil.
func (p *program) sharedRoot(test *TestCase) *isolate.Root {
	if len(test.Files) == 0 && p.root.Size == test.Limits.Disk && p.root.Inodes == test.Limits.Inodes {
		return p.root
	}
	return nil
}

// Steps returns the system calls by which a run of the submission on the test case is made, one a line,
// with what each is for. It makes none of them, and looks at no file of the submission.
func Steps(t *Task, s *Submission, test *TestCase) []string {
	root := rootOf(t)
	root.Layers = append(root.Layers, isolate.Layer{}) // the program's own
	root.Size, root.Inodes = test.Limits.Disk, test.Limits.Inodes
	l, args := test.Limits, s.Command
	path := inside(s)
	if s.Language != nil {
		l, args = s.Language.LimitsFor(l), s.Language.RunCommand(s.Names()...)
	}
	return isolate.Explain(isolate.Program{
		Path: path, Args: append(args[:len(args):len(args)], test.Args...), Env: environment(t, s), Dir: workDir, Root: root,
		Rlimits: rlimits(l, limits.Lack{}),
	})
}

// inside returns the path or bare name by which a submission is executed.
func inside(s *Submission) string {
	switch {
	case s.Language != nil:
		return s.Language.RunCommand(s.Names()...)[0]
	case s.Path == "":
		return s.Command[0] // looked up in the sandbox's PATH
	}
	return path.Join(workDir, path.Base(s.Path))
}

// rlimits turns limits into what the program's process is given.
func rlimits(l limits.Limits, lack limits.Lack) []isolate.Rlimit {
	var list []isolate.Rlimit
	for _, r := range limits.Rlimits(l, lack, isolate.HardLimit) {
		list = append(list, isolate.Rlimit{Resource: r.Resource, Soft: r.Soft, Hard: r.Hard})
	}
	return list
}

// filesLayer makes a layer of files of the host, by their destination below the work directory.
func filesLayer(files map[string]string) (*isolate.Scratch, error) {
	size := int64(1 << 20)
	for _, source := range files {
		info, err := os.Stat(source)
		if err != nil {
			return nil, err
		}
		size += info.Size() + 4096
	}
	layer, err := isolate.NewScratch(size, int64(16*len(files)))
	if err != nil {
		return nil, err
	}
	p := program{scratch: layer}
	for target, source := range files {
		if err := p.copyIn(source, path.Join(workDir, target), sourceMode); err != nil {
			layer.Close()
			return nil, err
		}
	}
	return layer, nil
}
