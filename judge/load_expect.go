package judge

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// expectation is one entry of `expect`.
type expectation struct {
	node     *node
	pattern  string
	verdicts []Verdict
	score    *ScoreRange // nil: any
	used     bool
}

// readExpect sets what is expected of each submission: the entry with its exact name, else the most
// specific pattern that matches, which is the one with most literal characters, then the longest, then
// the first in the file. An entry that matches nothing is a mistake, unless it is a default, which may
// be meant for other tasks.
func readExpect(r reader, n *node, submissions []Submission) {
	entries := readExpectations(r, n)
	for i := range submissions {
		if e := expected(entries, path.Clean(submissions[i].Name)); e != nil && (len(e.verdicts) > 0 || e.score != nil) {
			submissions[i].Expected, submissions[i].ExpectedScore = e.verdicts, e.score
		}
	}
	if len(submissions) > 0 {
		failUnused(r, entries, submissions)
	}
}

// readExpectations reads the entries, the most specific one first.
func readExpectations(r reader, n *node) []expectation {
	if n == nil {
		return nil
	}
	if n.table == nil {
		r.wrong(n, `a table, as in { "wa_*" = "wrong-answer" }`)
		return nil
	}
	entries := make([]expectation, 0, len(n.table))
	for _, child := range n.children() {
		e := expectation{node: child, pattern: path.Clean(child.key)}
		e.read(r)
		if err := checkPattern(child.key); err != nil {
			r.fail(child, "expect %s: %v", quoted(child.key), err)
			continue
		}
		entries = append(entries, e)
	}
	// The most specific one first.
	slices.SortStableFunc(entries, func(a, b expectation) int {
		return cmp.Or(cmp.Compare(literalCount(b.pattern), literalCount(a.pattern)), cmp.Compare(len(b.pattern), len(a.pattern)))
	})
	return entries
}

// failUnused notes the entries that match no submission.
func failUnused(r reader, entries []expectation, submissions []Submission) {
	for _, e := range entries {
		said := misplaced(e.node.key) && len(e.verdicts) == 0 && e.score == nil
		if !e.used && !e.node.inherited && !said {
			r.failHint(e.node, expectHint(e.pattern, submissions), "expect %s: matches no submission", quoted(e.node.key))
		}
	}
}

// read reads what is expected: verdicts, or a table with a score, verdicts or both.
func (e *expectation) read(r reader) {
	if e.node.table == nil {
		e.verdicts = readVerdicts(r, e.node)
		return
	}
	r = r.within("expect " + quoted(e.node.key))
	if len(e.node.table) == 0 {
		r.fail(e.node, "want a score, a verdict, or both: this table is empty")
	}
	readTable(r, e.node, expectKeys, e)
}

var expectKeys = keys[expectation]{
	"verdict": func(r reader, n *node, into *expectation) { into.verdicts = readVerdicts(r, n) },
	"score":   func(r reader, n *node, into *expectation) { into.score = readScoreRange(r, n) },
}

// readScoreRange reads the points that are expected, or the least and the most.
func readScoreRange(r reader, n *node) *ScoreRange {
	if !n.array {
		points, ok := r.points(n)
		if !ok {
			return nil
		}
		return &ScoreRange{points, points}
	}
	if len(n.items) != 2 {
		r.fail(n, "score: want points, or the least and the most as in [20, 40]")
		return nil
	}
	least, ok := r.points(n.items[0])
	most, good := r.points(n.items[1])
	switch {
	case !ok || !good:
		return nil
	case least > most:
		r.fail(n, "score: the least, %v, is more than the most, %v", least, most)
		return nil
	}
	return &ScoreRange{least, most}
}

// checkScores notes a score that is expected of a submission to a task that gives none.
func checkScores(r reader, n *node, submissions []Submission) {
	for _, s := range submissions {
		if s.ExpectedScore != nil {
			r.failHint(n, "write [[task.group]]", "expect: a score is expected of %s, and the task has no groups", quoted(s.Name))
			return
		}
	}
}

// expected is the entry for a submission; it and all others that match count as used.
func expected(entries []expectation, name string) *expectation {
	var best *expectation
	for i := range entries {
		e := &entries[i]
		if e.pattern == name {
			best, e.used = e, true
		}
	}
	for i := range entries {
		e := &entries[i]
		if matchPath(e.pattern, name) {
			e.used = true
			best = cmp.Or(best, e)
		}
	}
	return best
}

// expectHint suggests the name or pattern that was meant.
func expectHint(pattern string, submissions []Submission) string {
	names := make([]string, len(submissions))
	for i, s := range submissions {
		names[i] = s.Name
		if matchPath("**/"+pattern, s.Name) {
			return "did you mean " + quoted(path.Join(path.Dir(s.Name), pattern)) + "?"
		}
	}
	if hint := didYouMean(pattern, names); hint != "" || len(names) == 0 {
		return hint
	}
	const shown = 3
	for i := range names[:min(len(names), shown)] {
		names[i] = quoted(names[i])
	}
	if len(names) > shown {
		names = append(names[:shown], "...")
	}
	return "submissions are " + strings.Join(names, ", ")
}

// misplaced says whether a key among expectations is meant as one of the task: then it is what is wrong.
func misplaced(key string) bool { return taskKeys[key] != nil }

// misplacedHint says where it belongs.
func misplacedHint(key string) string {
	if !misplaced(key) {
		return ""
	}
	return "if " + key + " is meant as a key of the task, write it above [task.expect]"
}

// verdictWords are what other judges call our verdicts, for suggestions.
var verdictWords = map[string]Verdict{
	"ac": Accepted, "ok": Accepted, "correct": Accepted, "wa": WrongAnswer, "tle": TimeLimit, "timeout": TimeLimit,
	"mle": MemoryLimit, "ole": OutputLimit, "rte": RuntimeError, "re": RuntimeError, "ce": CompileError,
}

// readVerdicts reads a verdict or a list of them. Our own failures cannot be expected of anybody.
func readVerdicts(r reader, n *node) []Verdict {
	items := []*node{n}
	if n.array {
		items = n.items
	}
	if len(items) == 0 {
		r.fail(n, "expect %s: want at least one verdict, this list is empty", quoted(n.key))
	}
	var result []Verdict
	for _, item := range items {
		text, ok := stringOf(item)
		v := Verdict(text)
		switch {
		case !ok:
			r.failHint(item, misplacedHint(n.key), "expect %s: %s: want a verdict or a list of them", quoted(n.key), item)
		case v == JudgeError || v == Skipped:
			r.fail(item, "expect %s: %s cannot be expected of a submission", quoted(n.key), item)
		case !slices.Contains(Verdicts, v):
			r.failHint(item, cmp.Or(misplacedHint(n.key), verdictHint(text)), "expect %s: unknown verdict %s", quoted(n.key), item)
		case !slices.Contains(result, v):
			result = append(result, v)
		}
	}
	return result
}

func verdictHint(word string) string {
	words := make([]string, len(Verdicts))
	for i, v := range Verdicts {
		words[i] = string(v)
	}
	if v, ok := verdictWords[strings.ToLower(word)]; ok {
		return "did you mean " + quoted(string(v)) + "?"
	}
	return didYouMean(word, words)
}
