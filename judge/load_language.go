package judge

import (
	"cmp"
	_ "embed"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"judge/limits"
)

//go:embed languages.toml
var languagesTOML string

// languageTable is what the tasks of one file can be written in.
type languageTable struct {
	byName      map[string]*Language
	byExtension map[string]*Language
	nodes       map[string]*node // what each was read from, to be overridden key by key
}

// builtinLanguages is the embedded table.
var builtinLanguages = sync.OnceValues(func() (*languageTable, error) {
	d := &document{file: "languages.toml", text: languagesTOML}
	root, fault := parseDocument(d)
	if fault != nil {
		return nil, fault
	}
	found := &problems{}
	table := (&languageTable{}).with(reader{problems: found}, root.table["language"])
	return table, found.err()
})

// LanguageOf is the name of the built-in language of a source file, by its extension; empty: there is none.
func LanguageOf(source string) string {
	table, err := builtinLanguages()
	if err != nil {
		return "" // which Load says
	}
	if l := table.find("", source); l != nil {
		return l.Name
	}
	return ""
}

// Languages are the names of the built-in languages, sorted.
func Languages() []string {
	table, err := builtinLanguages()
	if err != nil {
		return nil // which Load says
	}
	return table.names()
}

// with is the table after the `language` table of a file: a language that exists is changed key by
// key, another one is added. An extension belongs to the file's own languages first.
func (t *languageTable) with(r reader, n *node) *languageTable {
	if n == nil {
		return t
	}
	if n.table == nil {
		r.wrong(n, "tables, as in [language.NAME]")
		return t
	}
	result := &languageTable{maps.Clone(t.byName), maps.Clone(t.byExtension), maps.Clone(t.nodes)}
	if result.byName == nil {
		result = &languageTable{map[string]*Language{}, map[string]*Language{}, map[string]*node{}}
	}
	own := map[string]*Language{}
	for _, child := range n.children() {
		l := result.read(r.within("language "+quoted(child.key)), child)
		for _, extension := range l.Extensions {
			if other := own[extension]; other != nil && child.table["extensions"] != nil {
				r.fail(child.table["extensions"], "language %s: extension %s is that of language %s too",
					quoted(l.Name), quoted(extension), quoted(other.Name))
			}
			own[extension] = l
		}
	}
	result.byExtension = map[string]*Language{}
	for _, name := range slices.Sorted(maps.Keys(result.byName)) {
		for _, extension := range result.byName[name].Extensions {
			result.byExtension[extension] = result.byName[name]
		}
	}
	maps.Copy(result.byExtension, own)
	return result
}

// read adds one language.
func (t *languageTable) read(r reader, n *node) *Language {
	l := &Language{Name: n.key, TimeFactor: 1}
	if problem := nameProblem(n.key); problem != "" {
		r.fail(n, "name %s", problem)
	}
	complete := merged(t.nodes[n.key], n)
	var draft languageDraft
	readTable(r, complete, languageKeys, &draft)
	l.Extensions, l.Compile, l.Run, l.Env, l.Version = draft.extensions, draft.compile, draft.run, draft.env, draft.version
	l.Limits = draft.limits
	l.ExtraProcesses, l.ExtraMemory = draft.extraProcesses, draft.extraMemory
	l.FileNames, l.Entry, l.MainClass, l.OutOfMemory, l.Prepare = draft.fileNames, draft.entry, draft.mainClass, draft.outOfMemory, draft.prepare
	l.CompileLimits = completeCompileLimits(draft.compileLimits)
	if draft.timeFactor > 0 {
		l.TimeFactor = draft.timeFactor
	}
	if complete.table != nil {
		switch {
		case complete.table["run"] == nil:
			r.failHint(n, t.typo(n.key), `run is missing: want an argument list such as ["{exe}"]`)
		case complete.table["extensions"] == nil && t.typo(n.key) != "":
			r.failHint(n, t.typo(n.key)+" if not, write extensions = [], or some", "there is no language of this name, and it has no extensions")
		case len(l.Compile) == 0 && uses(l.Run, "exe"):
			r.fail(cmp.Or(n.table["run"], n.table["compile"], n), "run uses {exe}, which nothing makes: compile is missing")
		}
	}
	t.byName[l.Name], t.nodes[l.Name] = l, complete
	return l
}

// find is the language of a source file, by name when the task gives one, else by extension.
func (t *languageTable) find(name, source string) *Language {
	if name != "" {
		return t.byName[name]
	}
	return t.byExtension[path.Ext(source)]
}

// has tells whether there is a language of a name that a node gives, and notes it if there is none; empty: it gives none.
func (t *languageTable) has(r reader, n *node, name string) bool {
	if name == "" || t.byName[name] != nil {
		return true
	}
	r.failHint(n, t.hint(name), "language %s: want one of %s", quoted(name), strings.Join(t.names(), ", "))
	return false
}

// languageWords are what people call our languages, for suggestions.
var languageWords = map[string]string{
	"c++": "cpp", "cxx": "cpp", "g++": "cpp", "gcc": "c", "py": "python", "python3": "python", "js": "javascript", "node": "javascript",
	"ts": "typescript", "sh": "bash", "shell": "bash", "c#": "csharp", "cs": "csharp", "golang": "go", "rs": "rust", "rb": "ruby", "hs": "haskell",
}

// hint suggests a language for a word that is none.
func (t *languageTable) hint(word string) string {
	if name := languageWords[strings.ToLower(word)]; t.byName[name] != nil {
		return "did you mean " + quoted(name) + "?"
	}
	return didYouMean(word, t.names())
}

// typo suggests a language for the name of a new one that is perhaps misspelt; empty: it is not. Names
// such as cpp20 are meant.
func (t *languageTable) typo(name string) string {
	if t.nodes[name] != nil {
		return ""
	}
	for known := range t.byName {
		if version, ok := strings.CutPrefix(name, known); ok && strings.Trim(version, "0123456789.-") == "" {
			return ""
		}
	}
	return t.hint(name)
}

func (t *languageTable) names() []string { return slices.Sorted(maps.Keys(t.byName)) }

type languageDraft struct {
	extensions, compile, run, version []string
	env                               map[string]string
	limits, compileLimits             limits.Limits
	timeFactor                        float64
	extraProcesses                    int
	extraMemory                       int64
	fileNames, entry                  *regexp.Regexp
	mainClass                         bool
	outOfMemory, prepare              []string
}

var languageKeys = keys[languageDraft]{
	"extensions": func(r reader, n *node, into *languageDraft) {
		into.extensions, _ = r.list(n, "strings", r.extension)
	},
	"compile": func(r reader, n *node, into *languageDraft) { into.compile = r.command(n) },
	"run": func(r reader, n *node, into *languageDraft) {
		if into.run = r.command(n); n.array && len(n.items) == 0 {
			r.none(n, `an argument list such as ["{exe}"]`)
		}
	},
	"version": func(r reader, n *node, into *languageDraft) { into.version, _ = r.arguments(n) },
	"env":     func(r reader, n *node, into *languageDraft) { into.env, _ = r.environment(n) },
	"limits":  func(r reader, n *node, into *languageDraft) { readLimits(r, n, &into.limits) },
	"compile_limits": func(r reader, n *node, into *languageDraft) {
		readLimits(r.within("compile_limits"), n, &into.compileLimits)
	},
	"time_factor": func(r reader, n *node, into *languageDraft) {
		switch v := n.scalar.(type) {
		case int64:
			into.timeFactor = float64(v)
		case float64:
			into.timeFactor = v
		}
		if !(into.timeFactor >= 0.01 && into.timeFactor <= 1000) || math.IsNaN(into.timeFactor) {
			r.wrong(n, "a number from 0.01 to 1000")
			into.timeFactor = 1
		}
	},
	"extra_processes": countLimit(0, 1<<16, func(l *languageDraft, n int64) { l.extraProcesses = int(n) }),
	"extra_memory":    sizeLimit(0, 1<<40, func(l *languageDraft) *int64 { return &l.extraMemory }),
	"file_names":      func(r reader, n *node, into *languageDraft) { into.fileNames = r.expression(n, "(?s)") },
	"entry":           func(r reader, n *node, into *languageDraft) { into.entry = r.expression(n, "(?m)") },
	"main": func(r reader, n *node, into *languageDraft) {
		if into.mainClass = n.scalar == "class"; !into.mainClass && n.scalar != "file" {
			r.wrong(n, `"file" or "class"`)
		}
	},
	"out_of_memory": func(r reader, n *node, into *languageDraft) { into.outOfMemory, _ = r.list(n, "strings", r.name) },
	"prepare":       func(r reader, n *node, into *languageDraft) { into.prepare, _ = r.arguments(n) },
}

// expression reads a regular expression, with flags; nil when it is wrong.
func (r reader) expression(n *node, flags string) *regexp.Regexp {
	text, ok := r.text(n)
	if !ok {
		return nil
	}
	pattern, err := regexp.Compile(flags + text)
	if err != nil {
		r.wrong(n, "a regular expression of Go's")
		return nil
	}
	return pattern
}

// extension reads one file name extension.
func (r reader) extension(n *node) (string, bool) {
	s, ok := r.name(n)
	if !ok {
		return "", false
	}
	if path.Ext(s) != s || s == "." || strings.Contains(s, "/") {
		hint := ""
		if dotted := "." + s; path.Ext(dotted) == dotted && !strings.ContainsAny(s, "./") {
			hint = "did you mean " + quoted(dotted) + "?"
		}
		r.failHint(n, hint, "extension %s: want a dot and what follows the last dot of a file name", n)
		return "", false
	}
	return s, true
}

// command reads an argument list with placeholders; nil when it is wrong or empty.
func (r reader) command(n *node) []string {
	list, _ := r.list(n, "strings", func(item *node) (string, bool) {
		s, ok := r.argument(item)
		if !ok {
			return "", false
		}
		if message, hint := checkPlaceholders(s); message != "" {
			r.failHint(item, hint, "%s %s: %s", n.key, item, message)
			return "", false
		}
		return s, true
	})
	if n.array && len(n.items) > 0 && len(list) > 0 && list[0] == "" {
		r.fail(n, "%s: the first argument is empty: want a program", n.key)
	}
	return list
}
