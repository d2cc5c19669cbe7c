package judge

// effort is what may still be done to load a task of a stranger, who may have written a file that is short and takes hours: many
// patterns for many files, or many mistakes with something like each among them. Its unit is about ten nanoseconds; nil: any effort.
//
// What is done for each entry of the task file is bounded by the file's size. Spent is what is done for each
// entry with each file, test or group.
type effort struct {
	left  int
	hints int // for suggestions, which are left out when there is none left
}

// bundleEffort is that for a bundle: some seconds.
var bundleEffort = effort{left: 300_000_000, hints: 100_000_000}

// What some things take, in units of effort.
const (
	effortFile    = 300 // to look at a file
	effortName    = 20  // to match a name, and as much again for each byte of the pattern
	effortWord    = 1   // to compare two words
	effortArrange = 3   // to see whether a group may be the next, for each of all
	effortSuggest = 100 // to compare a misspelt name with another
)

// anyEffort is spend for files of the user's own.
func anyEffort(int) bool { return true }

// spend says whether there is effort left for something that takes so many units. Once there is not, this is a mistake of
// the task file, and what was asked for need not be found out.
func (p *problems) spend(units int) bool {
	if p.effort == nil {
		return true
	}
	if p.effort.left -= units; p.effort.left >= 0 {
		return true
	}
	const why = "takes too long to load: want fewer patterns and names, or fewer files and tests"
	p.add(problem{InputError: InputError{File: bundleFile, Message: why}})
	return false
}

// matchEffort is the effort to match a name with a pattern.
func matchEffort(pattern string) int {
	if !isPattern(pattern) {
		return effortWord
	}
	return effortName * (1 + len(pattern))
}

// suggests says whether a suggestion from so many names is still worth the effort: somebody will see it, and it was not
// too much before.
func (p *problems) suggests(names int) bool {
	switch {
	case p.full():
		return false
	case p.effort == nil:
		return true
	}
	p.effort.hints -= effortSuggest * names
	return p.effort.hints > 0
}
