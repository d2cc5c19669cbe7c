package judge

import (
	"maps"
	"path/filepath"
	"regexp/syntax"
	"slices"
)

// fence refuses what the task file of a stranger may not ask for, before anything of it is done.
//
// It errs on the safe side: every string in the file has to be fit to name a file of the bundle, but for those
// of a few keys that never name one on the host. A key that is new is fenced in until somebody lists it here.
type fence struct{ reader }

// freeText are the keys whose strings are only seen inside of a sandbox, or never leave the file.
var freeText = []string{
	"name", "input", "answer", "args", "checker_args", "depends", "processes", "pipes",
	"compile", "run", "version", "env", "file_names", "entry", "out_of_memory",
}

// elsewhere are keys of a task about its submissions: a bundle's do not come from the file.
var elsewhere = []string{"submissions", "programs", "command", "source", "expect"}

// accepts notes what is refused, and returns false when something is. Other mistakes are found later.
func (f fence) accepts(root *node) bool {
	before := len(f.problems.list)
	f.refuse(root.table["include"], "include: a task that is sent is one file")
	if tasks := root.table["task"]; tasks != nil && len(tasks.items) > 1 {
		f.fail(tasks, "want one [[task]], these are %d", len(tasks.items))
	}
	languages := below(root.table["language"])
	if len(languages) > maxBundleLanguages {
		f.fail(root.table["language"], "language: want at most %d, these are %d", maxBundleLanguages, len(languages))
	}
	for _, l := range languages {
		f.language(l)
	}
	for _, holder := range holders(root) {
		if tests := holder.table["test"]; tests != nil && len(tests.items) > maxBundleTests {
			f.fail(tests, "test: want at most %d, these are %d", maxBundleTests, len(tests.items))
		}
		if sandbox := holder.table["sandbox"]; sandbox != nil {
			f.sandbox(sandbox)
		}
		for _, child := range holder.children() {
			if !slices.Contains(elsewhere, child.key) {
				f.strings(child)
			}
		}
	}
	return len(f.problems.list) == before
}

// language refuses also what would be long work wherever a submission in it is compiled or run: the judge itself looks into
// sources and into standard error.
func (f fence) language(n *node) {
	f.refuse(n.table["prepare"], "prepare: what it makes stays on the host")
	for _, key := range []string{"file_names", "entry"} {
		if e := n.table[key]; e != nil && expressionSize(e) > maxBundleEntry {
			f.fail(e, "%s: want a shorter regular expression, or one with fewer repetitions", key)
		}
	}
	phrases := below(n.table["out_of_memory"])
	if len(phrases) > maxBundlePhrases {
		f.fail(n.table["out_of_memory"], "out_of_memory: want at most %d, these are %d", maxBundlePhrases, len(phrases))
	}
	for _, phrase := range phrases {
		if text, _ := stringOf(phrase); len(text) > maxBundlePhrase {
			f.fail(phrase, "out_of_memory: want at most %d bytes, one has %d", maxBundlePhrase, len(text))
		}
	}
	for _, child := range n.children() {
		f.strings(child)
	}
}

// expressionSize is how many instructions a regular expression becomes; 0: it is none.
func expressionSize(n *node) int {
	text, _ := stringOf(n)
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return len(program.Inst)
}

// holders are the tables that have a task's keys.
func holders(root *node) []*node {
	all := below(root.table["task"])
	if defaults := root.table["defaults"]; defaults != nil {
		all = append(all, defaults)
	}
	return all
}

// below are the values of an array or a table.
func below(n *node) []*node {
	switch {
	case n == nil:
		return nil
	case n.array:
		return slices.Clone(n.items)
	}
	return n.children()
}

func (f fence) sandbox(n *node) {
	f.refuse(n.table["layers"], "layers: are directories of the host")
	f.refuse(n.table["binds"], "binds: are files and directories of the host")
	f.refuse(n.table["ports"], "ports: lead into the host's network")
	if network := n.table["network"]; network != nil && network.scalar != "none" && network.scalar != "loopback" {
		f.fail(network, `network %s: is the host's: a task that is sent may have "none" or "loopback"`, network)
	}
}

func (f fence) refuse(n *node, why string) {
	if n != nil {
		f.fail(n, "%s, which a task that is sent may not have", why)
	}
}

// strings refuses those that lead out of the bundle.
func (f fence) strings(n *node) {
	if slices.Contains(freeText, n.key) {
		return
	}
	f.path(n)
	for _, child := range below(n) {
		if n.key == "files" { // where its keys are names of files too
			f.path(child)
		} else {
			f.strings(child)
		}
	}
}

func (f fence) path(n *node) {
	if text, ok := n.scalar.(string); ok && text != "" && !filepath.IsLocal(text) {
		f.fail(n, "%s %s: want a path in the bundle", printable(n.key), n)
	}
}

// unprepared is the table without the preparations of a file's own languages; with an environment of the file's
// own, without any: each would be kept on the host beside those that are there, and nobody throws them away.
func (t *languageTable) unprepared(environment bool) *languageTable {
	result := &languageTable{maps.Clone(t.byName), maps.Clone(t.byExtension), t.nodes}
	for name, l := range t.byName {
		if len(l.Prepare) == 0 || isBuiltin(l) && !environment {
			continue
		}
		own := *l
		own.Prepare = nil
		result.byName[name] = &own
		for extension, other := range t.byExtension {
			if other == l {
				result.byExtension[extension] = &own
			}
		}
	}
	return result
}

// isBuiltin tells whether a language is one of ours, unchanged.
func isBuiltin(l *Language) bool {
	table, err := builtinLanguages()
	return err == nil && table.byName[l.Name] == l
}

// hasEnvironment tells whether a task of the file sets variables.
func hasEnvironment(root *node) bool {
	return slices.ContainsFunc(holders(root), func(n *node) bool {
		sandbox := n.table["sandbox"]
		return sandbox != nil && sandbox.table["env"] != nil
	})
}
