package judge

import (
	"crypto/sha256"
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
	command []string         // of a program that is no code
	code    Code             // zero for a command
	env     []string
	sources []sourceSum // what was put into its layer before anything was compiled

	toolchain string // what its language's tool says of itself, and the layers that it is in; empty: not asked
}

// sourceSum is a file that a program is made of and the SHA-256 of its content.
type sourceSum struct {
	name string
	sum  []byte
}

// args is the program's argument list in a run within the limits, with its own name; a test's arguments follow.
func (p *program) args(l limits.Limits) []string {
	if p.code.Language == nil {
		return slices.Clone(p.command)
	}
	return p.code.RunCommand(l)
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
func newProgram(t *Task, s *Submission) (*program, error) {
	root := rootOf(t)
	root.Size, root.Inodes = t.Limits.Disk, t.Limits.Inodes
	if s.Language != nil {
		return newSourceProgram(root, environment(t, s.Language), s.Code, nil)
	}
	p := &program{root: root, path: inside(s), command: s.Command, env: environment(t, nil)}
	var files []SourceFile
	if s.Path != "" {
		files = []SourceFile{{Name: path.Base(s.Path), Data: Data{File: s.Path}}}
	}
	return p, p.putFiles(defaultCompileLimits, files, commandMode)
}

// newSourceProgram puts source files into a layer of their own, on top of a root that nobody else has, and
// beside them what else the compiler may read.
func newSourceProgram(root *isolate.Root, env []string, c Code, include []SourceFile) (*program, error) {
	p := &program{root: root, path: c.RunCommand(limits.Limits{})[0], code: c, env: env}
	return p, p.putFiles(c.Language.CompileLimits, slices.Concat(c.Files, include), sourceMode)
}

// putFiles makes the program's layer, with room for what a compiler adds, and puts files into its work
// directory. After an error there is no layer.
func (p *program) putFiles(l limits.Limits, files []SourceFile, mode uint32) error {
	size := l.Disk
	for _, f := range files {
		n, err := f.Data.size()
		if err != nil {
			return err
		}
		size += n + 64<<10
	}
	var err error
	if p.scratch, err = isolate.NewScratch(size, l.Inodes+int64(len(files))); err != nil {
		return err
	}
	for _, f := range files {
		sum := sha256.New()
		if err := putData(p.scratch, path.Join(workDir, f.Name), f.Data, mode, sum); err != nil {
			p.close()
			p.scratch = nil
			return err
		}
		p.sources = append(p.sources, sourceSum{f.Name, sum.Sum(nil)})
	}
	p.root.Layers = append(p.root.Layers, isolate.Layer{Scratch: p.scratch})
	return nil
}

// putData puts content into a layer, as a file, and tells seen of it.
func putData(layer *isolate.Scratch, target string, d Data, mode uint32, seen io.Writer) error {
	content, err := d.open()
	if err != nil {
		return err
	}
	defer content.Close()
	return layer.Create(target, mode, io.TeeReader(content, seen))
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
	c := isolate.Config{Ports: t.Sandbox.Ports}
	if t.Sandbox.Network != "none" {
		c.Network = isolate.Network(t.Sandbox.Network)
	}
	return c
}

// searchPath is the PATH of every sandbox.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

// environment is all that a program gets, in compile and run: later settings win. The language is nil for
// a command.
func environment(t *Task, l *Language) []string {
	values := map[string]string{"PATH": searchPath, "HOME": workDir, "LANG": "C.UTF-8"}
	if l != nil {
		for k, v := range l.Env {
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
	layer, err := dataLayer(test.placed())
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
		l = s.Language.LimitsFor(l)
		args = s.RunCommand(l)
	}
	return isolate.Explain(isolate.Program{
		Path: path, Args: append(args[:len(args):len(args)], test.Args...), Env: environment(t, s.Language), Dir: workDir, Root: root,
		Rlimits: rlimits(l, limits.Lack{}),
	})
}

// inside returns the path or bare name by which a submission is executed.
func inside(s *Submission) string {
	switch {
	case s.Language != nil:
		return s.RunCommand(limits.Limits{})[0]
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

// placed are the test's own files, by their absolute path inside.
func (t *TestCase) placed() map[string]Data {
	files := map[string]Data{}
	for target, source := range t.Files {
		files[path.Join(workDir, target)] = Data{File: source}
	}
	return files
}

// dataLayer makes a layer of read-only files, by their absolute path inside. The caller closes it.
func dataLayer(files map[string]Data) (*isolate.Scratch, error) {
	size := int64(1 << 20)
	for _, d := range files {
		n, err := d.size()
		if err != nil {
			return nil, err
		}
		size += n + 4096
	}
	layer, err := isolate.NewScratch(size, int64(16*len(files)))
	if err != nil {
		return nil, err
	}
	for target, d := range files {
		if err := putData(layer, target, d, sourceMode, io.Discard); err != nil {
			layer.Close()
			return nil, err
		}
	}
	return layer, nil
}
