package judge

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"judge/limits"
)

// inlineTest is what a [[task.test]] says.
type inlineTest struct {
	test                                 TestCase
	limits                               limits.Limits
	input, inputFile, answer, answerFile *node
	files, checkerArgs                   *node
}

var inlineTestKeys = keys[inlineTest]{
	"name":         func(r reader, n *node, into *inlineTest) { into.test.Name, _ = r.name(n) },
	"input":        func(_ reader, n *node, into *inlineTest) { into.input = n },
	"input_file":   func(_ reader, n *node, into *inlineTest) { into.inputFile = n },
	"answer":       func(_ reader, n *node, into *inlineTest) { into.answer = n },
	"answer_file":  func(_ reader, n *node, into *inlineTest) { into.answerFile = n },
	"args":         func(r reader, n *node, into *inlineTest) { into.test.Args, _ = r.arguments(n) },
	"limits":       func(r reader, n *node, into *inlineTest) { readLimits(r, n, &into.limits) },
	"checker_args": func(_ reader, n *node, into *inlineTest) { into.checkerArgs = n },
	"files":        func(_ reader, n *node, into *inlineTest) { into.files = n },
}

// inline reads one [[task.test]]. Without a name it is called by its position among the task's tests.
func (t testReader) inline(r reader, n *node, position int, names map[string]*node) TestCase {
	label := strconv.Itoa(position)
	if n.table == nil {
		r.wrong(n, "a table: [[task.test]]")
		return TestCase{}
	}
	if name, ok := stringOf(n.table["name"]); ok && nameProblem(name) == "" {
		label = name
	}
	r = r.within("test " + quoted(label))
	var draft inlineTest
	readTable(r, n, inlineTestKeys, &draft)
	test := draft.test
	test.Limits = completeLimits(overlaid(t.task.limits, draft.limits))
	named := n.table["name"]
	if named == nil {
		named, test.Name = n, label
	}
	if earlier := names[test.Name]; earlier != nil && test.Name != "" {
		r.fail(named, "name %s: is taken by the test in %s", quoted(test.Name), place(named, earlier))
	}
	names[test.Name] = named
	if input := t.data(r, draft.input, draft.inputFile); input != nil {
		test.Input = *input
	}
	test.Answer = t.data(r, draft.answer, draft.answerFile)
	if test.Answer == nil && draft.answer == nil && draft.answerFile == nil && t.needsAnswer() {
		r.failHint(n, `without answers: checker = "none"`, "answer is missing (or answer_file)")
	}
	if draft.files != nil {
		test.Files = t.placed(r, draft.files)
	}
	if draft.checkerArgs != nil {
		test.CheckerArgs = t.checkerArgs(r, draft.checkerArgs)
	}
	return test
}

// checkerArgs reads what the checker is told on one test.
func (t testReader) checkerArgs(r reader, n *node) []string {
	args, ok := r.arguments(n)
	switch {
	case !ok, t.task.checkerNode != nil, t.task.interactorNode != nil:
	case t.task.checker.Name != "default":
		r.fail(n, `checker_args: want a checker or an interactor that is a program, or the checker "default"`)
	default:
		if _, err := t.task.checker.told(args); err != nil {
			r.fail(n, "checker_args: %v", err)
		}
	}
	return args
}

// data is an input or an answer, given as text or as a file; nil when it is neither or wrong.
func (t testReader) data(r reader, text, file *node) *Data {
	switch {
	case text != nil && file != nil:
		r.fail(file, "%s and %s: want one of the two", text.key, file.key)
	case text != nil:
		if s, ok := r.text(text); ok {
			return &Data{Text: s}
		}
	case file != nil:
		if at, ok := t.files.named(r, file, t.dir); ok {
			return &Data{File: at}
		}
	}
	return nil
}

// placed reads a `files` table: where below the work directory = which file.
func (t testReader) placed(r reader, n *node) map[string]string {
	if n.table == nil {
		r.wrong(n, `a table, as in { "data.txt" = "tests/data.txt" }`)
		return nil
	}
	result := map[string]string{}
	above := map[string]string{} // a directory of some that are placed
	for _, child := range n.children() {
		to := path.Clean(child.key)
		if problem := nameProblem(child.key); problem != "" || !filepath.IsLocal(child.key) || to == "." {
			r.fail(child, "files %s: want a path below the work directory", quoted(child.key))
			continue
		}
		if other := overlapping(result, above, to); other != "" {
			r.fail(child, "files %s: is the same place as %s, or in it", quoted(child.key), quoted(other))
			continue
		}
		if at, ok := t.files.named(r.within("files"), child, t.dir); ok {
			result[to] = at
			for dir := path.Dir(to); dir != "."; dir = path.Dir(dir) {
				above[dir] = to
			}
		}
	}
	return result
}

// overlapping is a destination that is the same as another, below it, or above it; above has one below each directory.
func overlapping(placed, above map[string]string, to string) string {
	for dir := to; dir != "."; dir = path.Dir(dir) {
		if _, ok := placed[dir]; ok {
			return dir
		}
	}
	return above[to]
}

// checkPlaces refuses test files that would cover a submission's source or artifact.
func checkPlaces(r reader, n *node, submissions []Submission, tests []TestCase) {
	var taken map[string]string
	for _, test := range tests {
		for _, to := range slices.Sorted(maps.Keys(test.Files)) {
			if taken == nil {
				taken = placesOf(submissions)
			}
			top, _, _ := strings.Cut(to, "/")
			if owner := taken[top]; owner != "" {
				r.fail(n, "test %s: files %s: is where submission %s is", quoted(test.Name), quoted(to), quoted(owner))
			}
		}
	}
}

// placesOf are the names in the work directory that submissions take.
func placesOf(submissions []Submission) map[string]string {
	places := map[string]string{}
	for _, s := range submissions {
		if s.Language == nil {
			places[path.Base(s.Name)] = s.Name
			continue
		}
		for _, name := range s.Names() {
			top, _, _ := strings.Cut(name, "/")
			places[top] = s.Name
		}
		if uses(s.Language.Compile, "exe") {
			places[s.artifactName()] = s.Name
		}
	}
	return places
}
