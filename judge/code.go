package judge

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"judge/limits"
)

// workDir is where a program starts, and where its source and artifact are, inside the sandbox.
const workDir = "/work"

// Code is a program in source files: of a submission, or of a setter's tool. NewCode makes one.
type Code struct {
	Files    []SourceFile // the entry point first; at least one
	Language *Language
	Main     string // what {main} stands for; empty: the entry point's name without its extension
}

// SourceFile is one file of a program.
type SourceFile struct {
	Name string // clean and slash-separated, below the work directory
	Data Data
}

// NewCode is a program whose entry point is the first file. One of a single file gets a name that its compiler
// takes. In a language whose programs are started by the name of a class, the files are looked into: what cannot
// be read there shows when it is compiled.
func NewCode(l *Language, files ...SourceFile) Code {
	c := Code{Files: slices.Clone(files), Language: l}
	c.nameForCompiler()
	if l.MainClass {
		c.nameByClass()
	}
	return c
}

// nameForCompiler calls the only file main where the compiler takes none of its name.
func (c *Code) nameForCompiler() {
	name, l := c.Files[0].Name, c.Language
	if len(c.Files) == 1 && len(l.Extensions) > 0 && l.FileNames != nil && !l.FileNames.MatchString(path.Base(name)) {
		c.Files[0].Name = path.Join(path.Dir(name), "main"+l.Extensions[0])
	}
}

// Names are the files' names, the entry point first.
func (c Code) Names() []string {
	names := make([]string, len(c.Files))
	for i, f := range c.Files {
		names[i] = f.Name
	}
	return names
}

// CompileCommand is the argument list that compiles the program; nil when there is nothing to compile.
//
// Every placeholder of a path is absolute, so that a source called `-o` or `@args` is never taken
// for an option.
func (c Code) CompileCommand() []string {
	return expand(c.Language.Compile, c.sources(), c.values(c.Language.CompileLimits))
}

// RunCommand is the argument list that runs the program within limits, which are those of LimitsFor; a
// test's own arguments are added to it.
func (c Code) RunCommand(l limits.Limits) []string {
	l.Memory -= c.Language.ExtraMemory
	return expand(c.Language.Run, c.sources(), c.values(l))
}

// values are what the placeholders stand for.
func (c Code) values(l limits.Limits) map[string]string {
	return map[string]string{
		"source": path.Join(workDir, c.Files[0].Name),
		"exe":    path.Join(workDir, c.artifactName()),
		"main":   cmp.Or(c.Main, mainName(path.Base(c.Files[0].Name))),
		"dir":    workDir,
		"memory": mebibytes(l.Memory),
		"stack":  mebibytes(min(l.Stack, maxStack)),
	}
}

// maxStack is the largest {stack}: a JVM refuses to start with more.
const maxStack = 1 << 30

// mebibytes is a size in whole MiB, at least one.
func mebibytes(size int64) string { return strconv.FormatInt(max(1, size>>20), 10) }

// sources are the names of those files that are written in the language: the entry point, whatever it is
// called, and others with one of its extensions. The rest is there to be included or read.
func (c Code) sources() []string {
	names := c.Names()
	return append(names[:1:1], slices.DeleteFunc(names[1:], func(name string) bool {
		return !slices.Contains(c.Language.Extensions, path.Ext(name))
	})...)
}

// artifact is the file that has to be there for the program to run, inside; empty: the compiler need not
// leave any.
func (c Code) artifact() string {
	for _, argument := range c.Language.Run {
		if strings.HasPrefix(argument, "{exe}") {
			return expand([]string{argument}, nil, c.values(limits.Limits{}))[0]
		}
	}
	return ""
}

// artifactName is the file in /work that compiling produces: the entry point without its extension.
// It is never the name of a source, and never one that means a directory.
func (c Code) artifactName() string {
	sources := c.Names()
	entry := path.Base(sources[0])
	name := strings.TrimSuffix(entry, path.Ext(entry))
	if name == "" || name == "." || name == ".." {
		name = entry
	}
	taken := func(source string) bool { return source == name || strings.HasPrefix(source, name+"/") }
	for slices.ContainsFunc(sources, taken) {
		name += ".out"
	}
	return name
}

// mainName is the entry point's name: `Main` for Main.java.
func mainName(entry string) string {
	if stem := strings.TrimSuffix(entry, path.Ext(entry)); stem != "" {
		return stem
	}
	return entry
}
