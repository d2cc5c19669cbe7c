package judge

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"judge/limits"
)

// defaultToolLimits are those of a setter's program that says nothing.
var defaultToolLimits = limits.Limits{
	CPU: 10 * time.Second, Wall: 30 * time.Second, Memory: 1024 * mib, Output: 64 * mib,
	Processes: 64, Disk: 64 * mib, Inodes: 16384, OpenFiles: 256,
}

// toolReader gathers what the table of a checker, an interactor or a validator says.
type toolReader struct {
	protocol, language string
	args               []string
	limits             limits.Limits
	source, include    *node
	languageNode       *node
	processes, pipes   *node // of an interactor
	tests              *node // of a validator
}

var toolKeys = keys[toolReader]{
	"source":   func(_ reader, n *node, into *toolReader) { into.source = n },
	"protocol": readProtocol,
	"args":     func(r reader, n *node, into *toolReader) { into.args, _ = r.arguments(n) },
	"limits":   func(r reader, n *node, into *toolReader) { readLimits(r, n, &into.limits) },
	"include":  func(_ reader, n *node, into *toolReader) { into.include = n },
	"language": func(r reader, n *node, into *toolReader) {
		into.language, _ = r.name(n)
		into.languageNode = n
	},
}

// interactorKeys are those of a tool, and the topology.
var interactorKeys = withKeys(toolKeys, keys[toolReader]{
	"processes": func(_ reader, n *node, into *toolReader) { into.processes = n },
	"pipes":     func(_ reader, n *node, into *toolReader) { into.pipes = n },
})

// validatorKeys are those of a tool, and the tests whose inputs it looks at.
var validatorKeys = withKeys(toolKeys, keys[toolReader]{
	"tests": func(_ reader, n *node, into *toolReader) { into.tests = n },
})

func withKeys[T any](known, more keys[T]) keys[T] {
	all := maps.Clone(known)
	maps.Copy(all, more)
	return all
}

func readProtocol(r reader, n *node, into *toolReader) {
	text, ok := r.text(n)
	if ok && text != Kattis && text != Testlib {
		r.failHint(n, didYouMean(text, []string{Kattis, Testlib}), `protocol %s: want "kattis" or "testlib"`, n)
		return
	}
	into.protocol = text
}

// tool reads a setter's program; nil when it is wrong.
func (f *fileReader) tool(r reader, n *node, role string) *Tool {
	tool, _ := f.toolWith(r.within(role), n, role, toolKeys)
	return tool
}

// toolWith reads a table of known keys.
func (f *fileReader) toolWith(r reader, n *node, role string, known keys[toolReader]) (*Tool, toolReader) {
	draft := toolReader{protocol: Kattis}
	if n.table == nil {
		file, ok := stringOf(n)
		if !ok {
			file = role + ".py"
		}
		r.failHint(n, "write { source = "+quoted(file)+" }", "want a table, this is %s", n.kind())
		return nil, draft
	}
	readTable(r, n, known, &draft)
	if draft.source == nil {
		r.fail(n, "source is missing")
		return nil, draft
	}
	if !f.languages.has(r, draft.languageNode, draft.language) {
		return nil, draft
	}
	source, ok := f.toolSource(r, &draft)
	if !ok {
		return nil, draft
	}
	tool := &Tool{
		Code: source.code, Role: role, Name: source.name,
		Protocol: draft.protocol, Args: draft.args, Limits: completeToolLimits(draft.limits),
	}
	tool.Include = f.toolIncludes(r, draft.include, source)
	return tool, draft
}

// completeToolLimits fills in what was not given: a wall limit that was not is three times the time, because a
// tool may wait for its disk.
func completeToolLimits(given limits.Limits) limits.Limits {
	complete := overlaid(defaultToolLimits, given)
	if given.Wall == 0 {
		complete.Wall = 3 * complete.CPU
	}
	if complete.Stack == 0 {
		complete.Stack = complete.Memory
	}
	return complete
}

// toolSource is what `source` stands for.
type toolSource struct {
	name string // as the task file has it
	dir  string // absolute, of the entry point
	code Code
}

// toolSource finds the files of a tool: one, a list of them, or those of a directory.
func (f *fileReader) toolSource(r reader, draft *toolReader) (toolSource, bool) {
	n := draft.source
	items := []*node{n}
	if n.array {
		items = n.items
	}
	if len(items) == 0 {
		r.none(n, "at least one file name")
		return toolSource{}, false
	}
	name, ok := r.fileName(items[0])
	if !ok {
		return toolSource{}, false
	}
	source := toolSource{name: path.Clean(name)}
	at := resolve(f.dir, name)
	if info, err := os.Stat(at); err == nil && info.IsDir() && !n.array {
		source.dir = at
		if source.code, err = f.languages.directory(draft.language, at); err != nil {
			r.fail(n, "source %s: %v", n, err)
			return source, false
		}
		return source, checkToolNames(r, n, source.code)
	}
	source.dir = filepath.Dir(at)
	files, ok := f.toolFiles(r, items, source.dir)
	if !ok {
		return source, false
	}
	language := f.languages.find(draft.language, files[0].Name)
	if language == nil {
		r.failHint(n, `name it with language = "..."`, "source %s: %s (known: %s)",
			quoted(name), noLanguage(name), strings.Join(f.languages.names(), ", "))
		return source, false
	}
	source.code = NewCode(language, files...)
	return source, checkToolNames(r, n, source.code)
}

// toolFiles are named files. Those below the entry point's directory keep their places.
func (f *fileReader) toolFiles(r reader, items []*node, dir string) (files []SourceFile, ok bool) {
	ok = true
	for _, item := range items {
		at, good := f.files.named(r, item, f.dir)
		if !good {
			ok = false
			continue
		}
		name, err := filepath.Rel(dir, at)
		if err != nil || !filepath.IsLocal(name) {
			name = filepath.Base(at)
		}
		files = append(files, SourceFile{Name: filepath.ToSlash(name), Data: Data{File: at}})
	}
	return files, ok
}

// checkToolNames refuses files where a tool finds what it is given, and two in one place.
func checkToolNames(r reader, n *node, c Code) bool {
	seen := map[string]bool{}
	for _, name := range append(c.Names(), c.artifactName()) {
		top, _, _ := strings.Cut(name, "/")
		switch {
		case slices.Contains(toolNames, top):
			r.fail(n, "source %s: give it another name: %s are what it is given", quoted(c.Files[0].Name), strings.Join(toolNames, ", "))
			return false
		case seen[name]:
			r.fail(n, "source: two files are called %s", quoted(name))
			return false
		}
		seen[name] = true
	}
	return true
}

// toolIncludes are the files beside a tool's source when it is compiled: those that are named, and testlib.h
// where it is usually kept.
func (f *fileReader) toolIncludes(r reader, n *node, source toolSource) []SourceFile {
	var result []SourceFile
	taken := map[string]bool{}
	for _, file := range source.code.Files {
		taken[file.Name] = true
	}
	if n != nil {
		for _, m := range f.files.matches(r, n, f.dir) {
			name := path.Base(m.name)
			if taken[name] {
				r.fail(m.from, "include %s: there is a file of this name already", quoted(m.name))
				continue
			}
			taken[name] = true
			result = append(result, SourceFile{Name: name, Data: Data{File: m.at}})
		}
	}
	const testlib = "testlib.h"
	for _, dir := range []string{source.dir, filepath.Join(source.dir, "include"), filepath.Join(f.dir, "include")} {
		if at := filepath.Join(dir, testlib); !taken[testlib] && f.files.present(at) && f.files.checkRegular(at) == nil {
			taken[testlib] = true
			result = append(result, SourceFile{Name: testlib, Data: Data{File: at}})
		}
	}
	return result
}
