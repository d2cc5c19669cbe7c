package judge

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of how often a test is run. A thousand runs narrow the interval of a median to a few hundredths
// of the spread.
const (
	mostReruns  = 100
	mostRepeats = 1000
)

// readRerun, readRerunBand and readRepeat read the keys of a task that say how often a test is run.
func readRerun(r reader, n *node, into *taskReader) {
	if count, ok := r.count(n, 0, mostReruns); ok {
		into.rerun.Times = count
	}
}

func readRepeat(r reader, n *node, into *taskReader) {
	if count, ok := r.count(n, 1, mostRepeats); ok {
		into.repeat = count
	}
}

func readRerunBand(r reader, n *node, into *taskReader) {
	text, ok := stringOf(n)
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || !percent || err != nil || !(share >= 0 && share < 100) {
		r.wrong(n, `a percentage of the time limit such as "10%", from 0% to less than 100%`)
		return
	}
	into.rerun.Band = share / 100
}

// count reads a whole number.
func (r reader) count(n *node, least, most int) (int, bool) {
	count, ok := n.scalar.(int64)
	if !ok || count < int64(least) || count > int64(most) {
		r.wrong(n, fmt.Sprintf("a whole number from %d to %d", least, most))
		return 0, false
	}
	return int(count), true
}
