package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// interactor reads the table of an interactor; nil when it is wrong.
func (f *fileReader) interactor(r reader, n *node) *Interactor {
	r = r.within("interactor")
	tool, draft := f.toolWith(r, n, "interactor", interactorKeys)
	if tool == nil {
		return nil
	}
	i := &Interactor{Tool: *tool}
	if draft.processes != nil {
		i.Processes = readProcesses(r, draft.processes)
	}
	switch names := i.Processes; {
	case draft.pipes != nil:
		i.Pipes = readPipes(r, draft.pipes, names)
	case len(names) > 1:
		r.failHint(draft.processes, `write pipes = ["interactor:1 -> `+names[0]+`:0", "`+names[0]+`:1 -> interactor:0", ...]`,
			"pipes is missing: with several processes somebody has to say who talks with whom")
	case len(names) == 1:
		i.Pipes = []Pipe{
			{PipeEnd{InteractorName, 1}, PipeEnd{names[0], 0}},
			{PipeEnd{names[0], 1}, PipeEnd{InteractorName, 0}},
		}
	}
	return i
}

// mostProcesses bounds the sandboxes that are needed at one time.
const mostProcesses = 16

func readProcesses(r reader, n *node) []string {
	var names []string
	list, ok := r.list(n, "names", r.name)
	if ok && len(list) == 0 {
		r.none(n, "at least one name")
	}
	if len(list) > mostProcesses {
		r.fail(n, "processes: want at most %d, these are %d", mostProcesses, len(list))
		return nil
	}
	for _, name := range list {
		switch {
		case name == InteractorName:
			r.fail(n, "processes %s: this is what the interactor itself is called in pipes", quoted(name))
		case strings.ContainsAny(name, ":>") || strings.TrimSpace(name) != name:
			r.fail(n, "processes %s: want a name without : and > and white space around it", quoted(name))
		case slices.Contains(names, name):
			r.fail(n, "processes %s: is there already", quoted(name))
		default:
			names = append(names, name)
		}
	}
	return names
}

// readPipes reads a list of `process:descriptor -> process:descriptor`. Nobody is left out.
func readPipes(r reader, n *node, processes []string) []Pipe {
	if processes == nil {
		processes = []string{SubmissionName}
	}
	names := append([]string{InteractorName}, processes...)
	var pipes []Pipe
	taken := map[PipeEnd]bool{}
	_, good := r.list(n, "pipes", func(item *node) (string, bool) {
		text, ok := r.text(item)
		if !ok {
			return "", false
		}
		pipe, problem, hint := parsePipe(text, names)
		for _, end := range []PipeEnd{pipe.From, pipe.To} {
			if problem == "" && taken[end] {
				problem = fmt.Sprintf("%s:%d is an end of another pipe already", end.Process, end.Descriptor)
			}
		}
		if problem != "" {
			r.failHint(item, hint, "pipes %s: %s", item, problem)
			return "", false
		}
		taken[pipe.From], taken[pipe.To] = true, true
		pipes = append(pipes, pipe)
		return text, true
	})
	if good {
		for _, name := range unreached(names, pipes) {
			r.fail(n, "pipes: none leads from the interactor to %s, or back, however indirectly", quoted(name))
		}
	}
	return pipes
}

// highestDescriptor that a pipe may have: language runtimes keep to low ones, and open_files bounds them.
const highestDescriptor = 63

// parsePipe reads one pipe. The problem is empty when there is none.
func parsePipe(text string, names []string) (pipe Pipe, problem, hint string) {
	from, to, ok := strings.Cut(text, "->")
	if !ok {
		return pipe, `want two ends, as in "interactor:1 -> ` + names[1] + `:0"`, ""
	}
	for _, end := range []struct {
		text  string
		into  *PipeEnd
		wrong int // of 0 and 1, the one that leads the other way
		why   string
	}{
		{from, &pipe.From, 0, "standard input: nobody writes there"},
		{to, &pipe.To, 1, "standard output: nobody reads there"},
	} {
		name, number, _ := strings.Cut(strings.TrimSpace(end.text), ":")
		fd, err := strconv.Atoi(number)
		switch {
		case !slices.Contains(names, name):
			return pipe, fmt.Sprintf("there is no process %s, only %s", quoted(name), strings.Join(names, ", ")), didYouMean(name, names)
		case err != nil || fd < 0 || fd > highestDescriptor:
			return pipe, fmt.Sprintf("descriptor %s: want a whole number from 0 to %d", quoted(number), highestDescriptor), ""
		case fd == 2:
			return pipe, "descriptor 2 is standard error, which is kept for the record", ""
		case fd == end.wrong:
			return pipe, fmt.Sprintf("descriptor %d of %s is %s", fd, name, end.why), ""
		}
		*end.into = PipeEnd{name, fd}
	}
	if pipe.From.Process == pipe.To.Process {
		return pipe, "leads from a process to itself", ""
	}
	return pipe, "", ""
}

// unreached are the processes that no pipes connect with the first one, whichever way these lead.
func unreached(names []string, pipes []Pipe) []string {
	reached := map[string]bool{names[0]: true}
	for range names {
		for _, p := range pipes {
			if reached[p.From.Process] || reached[p.To.Process] {
				reached[p.From.Process], reached[p.To.Process] = true, true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return reached[name] })
}
