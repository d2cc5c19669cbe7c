package packages

import (
	"fmt"
	"time"

	"judge/judge"
)

// problem is what there is to say of a package in a task file. Files are named relative to the package,
// with slashes.
type problem struct {
	name, title string
	time        time.Duration // 0: to be calibrated
	calibration *calibration  // nil: the package fixes the time limit
	measured    string        // what the time limit was calibrated from
	memory      int64
	output      int64 // 0: judge's own default

	compileTime   time.Duration // 0: the language's own
	compileMemory int64

	tests       []test
	groups      []group
	checker     string // built in; empty: checkerTool or interactor
	checkerTool *tool
	interactor  *tool
	passes      int // 0: one
	validators  []tool
	submissions []submission
	notes       []string
}

// test is a test case.
type test struct {
	name, input, answer string
	args                []string
	checkerArgs         []string // after the checker's own
	files               []placed
}

// placed is a file of the test's that the submission finds in its work directory.
type placed struct{ to, from string }

// group is a set of tests that give points together.
type group struct {
	name      string
	tests     []string
	score     *float64 // nil: the checker gives points
	aggregate string
	depends   []string
}

// tool is a setter's program.
type tool struct {
	source   []string // a file, a directory, or files with the entry point first
	language string   // empty: the extension tells
	protocol string
	args     []string
	tests    []string // of an input validator: whose inputs it looks at; empty: all
	include  []string
	time     time.Duration // 0: judge's own default, as with those that follow
	memory   int64
	output   int64
}

// submission is a program of the jury's and what is expected of it.
type submission struct {
	name        string
	directory   bool
	expected    []judge.Verdict // nil: any, and the score counts
	least, most *float64        // score; nil: any
	calibrates  bool            // the time limit is above what it needs

	// What its files do not tell; empty: nothing.
	language string
	entry    string
	include  []string // files that are compiled with it
}

func (p *problem) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// most is the sum of the groups' points; false when one of them has no bound.
func (p *problem) most() (sum float64, ok bool) {
	for _, g := range p.groups {
		if g.score == nil {
			return 0, false
		}
		sum += *g.score
	}
	return sum, true
}
