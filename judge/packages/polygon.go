package packages

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"judge/judge"
)

// polygonXML is what a judge needs of a problem.xml.
type polygonXML struct {
	ShortName string `xml:"short-name,attr"`
	Names     []struct {
		Language string `xml:"language,attr"`
		Value    string `xml:"value,attr"`
	} `xml:"names>name"`
	Judging struct {
		InputFile  string           `xml:"input-file,attr"`
		OutputFile string           `xml:"output-file,attr"`
		RunCount   int              `xml:"run-count,attr"`
		Testsets   []polygonTestset `xml:"testset"`
	} `xml:"judging"`
	Resources  []polygonSource `xml:"files>resources>file"`
	Checker    *polygonTool    `xml:"assets>checker"`
	Interactor *polygonTool    `xml:"assets>interactor"`
	Validators []polygonTool   `xml:"assets>validators>validator"`
	Solutions  []struct {
		Tag    string        `xml:"tag,attr"`
		Source polygonSource `xml:"source"`
	} `xml:"assets>solutions>solution"`
}

type polygonTestset struct {
	Name          string         `xml:"name,attr"`
	TimeLimit     string         `xml:"time-limit"`   // milliseconds
	MemoryLimit   string         `xml:"memory-limit"` // bytes
	InputPattern  string         `xml:"input-path-pattern"`
	AnswerPattern string         `xml:"answer-path-pattern"`
	Tests         []polygonTest  `xml:"tests>test"`
	Groups        []polygonGroup `xml:"groups>group"`
}

type polygonTest struct {
	Method string `xml:"method,attr"`
	Group  string `xml:"group,attr"`
	Points string `xml:"points,attr"`
}

type polygonGroup struct {
	Name         string `xml:"name,attr"`
	Policy       string `xml:"points-policy,attr"`
	Points       string `xml:"points,attr"`
	Dependencies []struct {
		Group string `xml:"group,attr"`
	} `xml:"dependencies>dependency"`
}

type polygonTool struct {
	Name   string        `xml:"name,attr"`
	Type   string        `xml:"type,attr"`
	Source polygonSource `xml:"source"`
}

type polygonSource struct {
	Path string `xml:"path,attr"`
	Type string `xml:"type,attr"`
}

// polygon reads a package of Polygon's.
type polygon struct {
	*problem
	tree
	xml polygonXML
	set polygonTestset
}

const manifestXML = "problem.xml"

func readPolygon(p *problem, t tree) error {
	r := &polygon{problem: p, tree: t}
	for _, step := range []func() error{r.readManifest, r.readLimits, r.readTests, r.readGroups, r.readTools, r.readSolutions} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *polygon) fail(format string, args ...any) error {
	return r.tree.fail(manifestXML, format, args...)
}

func (r *polygon) readManifest() error {
	text, _, err := r.text(manifestXML)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal([]byte(text), &r.xml); err != nil {
		e := r.tree.fail(manifestXML, "is no XML of Polygon's: %v", err)
		if syntax := (*xml.SyntaxError)(nil); errors.As(err, &syntax) {
			e.Line, e.Message = syntax.Line, "is not XML: "+syntax.Msg
		}
		return e
	}
	for _, n := range r.xml.Names {
		if r.title == "" || n.Language == "english" {
			r.title = n.Value
		}
	}
	r.name = cmp.Or(r.xml.ShortName, r.name)
	j := r.xml.Judging
	switch {
	case len(j.Testsets) == 0:
		return r.fail("the package has no testset")
	case named(j.InputFile) || named(j.OutputFile):
		return r.fail("submissions read %q and write %q: want standard input and output", j.InputFile, j.OutputFile)
	case j.RunCount > 1:
		return r.fail("run-count %d: problems with several runs are not supported", j.RunCount)
	}
	r.set = j.Testsets[max(0, slices.IndexFunc(j.Testsets, func(s polygonTestset) bool { return s.Name == "tests" }))]
	if len(j.Testsets) > 1 {
		r.note("only testset %s is judged, of %d", r.set.Name, len(j.Testsets))
	}
	return nil
}

// named tells whether a stream is a file.
func named(stream string) bool { return stream != "" && stream != "stdin" && stream != "stdout" }

func (r *polygon) readLimits() error {
	ms, err := strconv.ParseInt(r.set.TimeLimit, 10, 64)
	if err != nil || ms < 1 || ms > 86400_000 {
		return r.fail("time-limit %q: want milliseconds", r.set.TimeLimit)
	}
	r.time = time.Duration(ms) * time.Millisecond
	r.memory, err = strconv.ParseInt(r.set.MemoryLimit, 10, 64)
	if err != nil || r.memory < mib || r.memory > 1<<50 {
		return r.fail("memory-limit %q: want bytes", r.set.MemoryLimit)
	}
	return nil
}

// oneNumber is a path pattern that is safe to format.
var oneNumber = regexp.MustCompile(`^[^%]*%(0[1-9])?d[^%]*$`)

func (r *polygon) readTests() error {
	for _, pattern := range []string{r.set.InputPattern, r.set.AnswerPattern} {
		if !oneNumber.MatchString(pattern) || !localName(fmt.Sprintf(pattern, 1)) {
			return r.fail("path pattern %q: want a path in the package with the number as %%d or %%02d", pattern)
		}
	}
	if len(r.set.Tests) == 0 {
		return r.fail("testset %s has no tests", r.set.Name)
	}
	for i, t := range r.set.Tests {
		input, answer := fmt.Sprintf(r.set.InputPattern, i+1), fmt.Sprintf(r.set.AnswerPattern, i+1)
		if !r.has(input) {
			hint := ""
			if t.Method == "generated" {
				hint = ": generated tests are in full packages only"
			}
			return r.tree.fail(input, "there is no input of test %d%s", i+1, hint)
		}
		if !r.has(answer) {
			return r.tree.fail(input, "has no answer: there is no %s", answer)
		}
		name := strconv.Itoa(i + 1)
		if base := path.Base(r.set.InputPattern); strings.Contains(base, "%") {
			name = strings.TrimSuffix(fmt.Sprintf(base, i+1), ".in")
		}
		r.tests = append(r.tests, test{name: name, input: input, answer: answer})
	}
	return nil
}

// localName tells whether a name stays in the package.
func localName(name string) bool {
	return name != "" && !path.IsAbs(name) && path.Clean(name) == name && name != ".." && !strings.HasPrefix(name, "../") &&
		!strings.Contains(name, `\`)
}

// solutionTags are what is expected of solutions.
var solutionTags = map[string][]judge.Verdict{
	"main":                            {judge.Accepted},
	"accepted":                        {judge.Accepted},
	"wrong-answer":                    {judge.WrongAnswer},
	"presentation-error":              {judge.WrongAnswer},
	"time-limit-exceeded":             {judge.TimeLimit},
	"memory-limit-exceeded":           {judge.MemoryLimit},
	"runtime-error":                   {judge.RuntimeError},
	"time-limit-exceeded-or-accepted": {judge.TimeLimit, judge.Accepted},
	"time-limit-exceeded-or-memory-limit-exceeded": {judge.TimeLimit, judge.MemoryLimit},
	"rejected": {judge.WrongAnswer, judge.TimeLimit, judge.MemoryLimit, judge.OutputLimit, judge.RuntimeError, judge.CompileError},
	"failed":   {judge.WrongAnswer, judge.TimeLimit, judge.MemoryLimit, judge.OutputLimit, judge.RuntimeError, judge.CompileError},
}

func (r *polygon) readSolutions() error {
	for _, s := range r.xml.Solutions {
		name := s.Source.Path
		expected, ok := solutionTags[s.Tag]
		switch {
		case s.Tag == "do-not-run" || s.Tag == "not-run":
			r.note("%s is left out: its tag is %s", name, s.Tag)
			continue
		case !ok:
			return r.fail("solution %s: unknown tag %q", name, s.Tag)
		case !localName(name) || !r.has(name):
			return r.fail("solution %s: there is no such file", name)
		case judge.LanguageOf(name) == "" || strings.HasPrefix(s.Source.Type, "python.2") || strings.HasPrefix(s.Source.Type, "python.pypy2"):
			r.note("%s is left out: judge has no language for %s", name, cmp.Or(s.Source.Type, "it"))
			continue
		}
		r.submissions = append(r.submissions, submission{name: name, expected: expected})
	}
	return nil
}
