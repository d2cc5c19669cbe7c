package packages

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"judge/judge"
)

// The four results that packages know, as what judge calls them.
var kattisResults = map[string][]judge.Verdict{
	"AC":  {judge.Accepted},
	"WA":  {judge.WrongAnswer},
	"TLE": {judge.TimeLimit},
	"RTE": {judge.RuntimeError, judge.MemoryLimit, judge.OutputLimit},
}

var allResults = []string{"AC", "WA", "TLE", "RTE"}

// rule is what is asked of a submission.
type rule struct {
	permitted []string // nil: all; in all tests
	required  []string // nil: all; in one test at least
	score     *[2]float64
	forLimit  string // use_for_time_limit: "false" or "lower"; empty: it follows from the others
}

// directoryRules are those of submissions by their directories.
var directoryRules = map[string]rule{
	"accepted":            {permitted: []string{"AC"}},
	"rejected":            {required: []string{"WA", "TLE", "RTE"}},
	"wrong_answer":        {permitted: []string{"AC", "WA"}, required: []string{"WA"}},
	"time_limit_exceeded": {permitted: []string{"AC", "TLE"}, required: []string{"TLE"}},
	"run_time_error":      {permitted: []string{"AC", "RTE"}, required: []string{"RTE"}},
	"brute_force":         {permitted: []string{"AC", "TLE", "RTE"}, required: []string{"TLE", "RTE"}},
	"partially_accepted":  {},
	"mixed":               {},
}

// domjudgeDirectories are others that DOMjudge knows, whose names are results.
var domjudgeDirectories = []string{"compiler_error", "no_output", "output_limit"}

// globRule is a rule of submissions.yaml.
type globRule struct {
	rule
	at       string // the file and the key, for notes
	pattern  string // one of those that the key stands for
	language string // of the format's; empty: the extension tells
	entry    string
}

func (k *kattis) readSubmissions() error {
	if !k.isDir("submissions") {
		return k.tree.fail("submissions", "there is no such directory: the package has no submissions")
	}
	rules, err := k.readRules()
	if err != nil {
		return err
	}
	entries, err := k.readEntries()
	if err != nil {
		return err
	}
	rules = append(rules, entries...)
	dirs, err := k.list("submissions")
	if err != nil {
		return err
	}
	var all []string
	for _, dir := range dirs {
		if !k.isDir(path.Join("submissions", dir)) {
			continue
		}
		names, err := k.list(path.Join("submissions", dir))
		if err != nil {
			return err
		}
		for _, odd := range k.odd(path.Join("submissions", dir)) {
			k.note("%s is left out: %s", path.Join("submissions", dir, odd), wantName)
		}
		for _, name := range names {
			all = append(all, path.Join(dir, name))
			if err := k.readSubmission(dir, path.Join("submissions", dir, name), rules); err != nil {
				return err
			}
		}
	}
	k.noteUseless(rules, all)
	return nil
}

// noteUseless finds rules for submissions that there are not: keys that are misspelt, for example.
func (k *kattis) noteUseless(rules []globRule, submissions []string) {
	done := map[string]bool{}
	for _, r := range rules {
		done[r.at] = done[r.at] || slices.ContainsFunc(submissions, r.matches)
	}
	for _, r := range rules {
		if !done[r.at] {
			k.note("%s: there is no such submission", r.at)
			done[r.at] = true
		}
	}
}

// readSubmission adds one submission, unless it cannot be judged.
func (k *kattis) readSubmission(dir, name string, rules []globRule) error {
	files, err := k.filesOf(name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(files, func(f string) bool { return judge.LanguageOf(f) != "" }) {
		k.note("%s is left out: no language has its extension", name)
		return nil
	}
	own, said := rulesOf(dir, name, rules)
	s, err := k.concluded(name, own)
	if err != nil {
		return err
	}
	s.directory = k.isDir(name)
	if left, err := k.readProgram(&s, files, rules); err != nil || left != "" {
		k.note("%s is left out: %s", name, left)
		return err
	}
	if dir == "partially_accepted" && s.least == nil {
		if !k.scoring {
			return k.tree.fail(name, "partially_accepted: want a package of type scoring")
		}
		s.expected, s.calibrates = nil, false
		s.least, s.most = k.partial()
	}
	marked, ok, err := k.marked(name, files)
	if err != nil {
		return err
	}
	if _, known := directoryRules[dir]; !known && !ok && !said {
		if slices.Contains(domjudgeDirectories, dir) {
			marked, ok = resultWords[resultWord(dir)]
		} else {
			k.note("%s: nothing is expected of it: directory %s is none that the format knows", name, dir)
		}
	}
	if ok {
		s.expected = marked
		s.calibrates = s.calibrates && slices.Equal(marked, []judge.Verdict{judge.Accepted})
	}
	k.submissions = append(k.submissions, s)
	return nil
}

// rulesOf are the rules for a submission, that of its directory first. said tells whether there are others.
func rulesOf(dir, name string, rules []globRule) (own []rule, said bool) {
	own = []rule{directoryRules[dir]}
	for _, r := range rules {
		if !r.matches(strings.TrimPrefix(name, "submissions/")) {
			continue
		}
		said = said || r.permitted != nil || r.required != nil || r.score != nil
		if r.pattern != dir {
			own = append(own, r.rule)
			continue
		}
		own[0] = rule{ // the directory's own, changed key by key
			firstList(r.permitted, own[0].permitted), firstList(r.required, own[0].required),
			cmp.Or(r.score, own[0].score), cmp.Or(r.forLimit, own[0].forLimit),
		}
	}
	return own, said
}

// firstList is the first list that is given.
func firstList(a, b []string) []string {
	if a != nil {
		return a
	}
	return b
}

// concluded turns rules into an expectation. judge's verdict on a submission is that of its first failed
// test: it must be permitted, and accepted is it only where nothing else is required.
func (k *kattis) concluded(name string, rules []rule) (submission, error) {
	s := submission{name: name}
	permitted := slices.Clone(allResults)
	accepted, lower, optOut := true, false, false
	for _, r := range rules {
		if r.permitted != nil {
			permitted = slices.DeleteFunc(permitted, func(p string) bool { return !slices.Contains(r.permitted, p) })
			lower = lower || !slices.Contains(r.permitted, "TLE")
		}
		accepted = accepted && (r.required == nil || slices.Contains(r.required, "AC"))
		lower = lower || r.forLimit == "lower"
		optOut = optOut || r.forLimit == "false"
		if r.score != nil {
			s.least, s.most = &r.score[0], &r.score[1]
		}
	}
	for _, result := range permitted {
		if result != "AC" || accepted {
			s.expected = append(s.expected, kattisResults[result]...)
		}
	}
	if len(s.expected) == 0 {
		return s, k.tree.fail(name, "what submissions.yaml permits and what it requires exclude one another")
	}
	if s.least != nil && !k.scoring {
		return s, k.tree.fail(name, "submissions.yaml expects a score, and the package gives none")
	}
	s.calibrates = lower && !optOut
	if k.legacy {
		s.calibrates = slices.Equal(permitted, []string{"AC"})
	}
	return s, nil
}

// partial is the range of what is more than nothing and less than everything. Scores are rounded to six
// decimals.
func (k *kattis) partial() (least, most *float64) {
	const step = 1e-6
	low, high := step, 1e15
	if sum, ok := k.most(); ok && sum > 2*step {
		high = sum - step
	}
	return &low, &high
}
