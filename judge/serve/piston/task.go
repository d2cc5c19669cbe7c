package piston

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"judge/judge/queue"
)

// program is a request as judge has it: a task of one test, and a submission.
type program struct {
	language string            // in judge
	task     map[string][]byte // the task's files by path, tasks.toml among them
	sources  []source          // of the submission
}

type source struct {
	name string
	data []byte
}

// Names of the task's files.
const inputFile = "input"

// newProgram makes a program of a request that was checked.
func newProgram(r Request, l language) (program, error) {
	p := program{language: l.own, task: map[string][]byte{inputFile: []byte(r.Stdin)}}
	var others []source
	for i, f := range mainFirst(r.Files) {
		data, err := f.decode()
		if err != nil {
			return p, err
		}
		others = append(others, source{nameOf(l, f, i, data), data})
	}
	p.sources, others = split(l, others)
	places := map[string]string{}
	for i, s := range others {
		place := fmt.Sprintf("files/%d", i)
		p.task[place] = s.data
		places[s.name] = place
	}
	if err := checkPlaces(places); err != nil {
		return p, err
	}
	text, err := document(r, l, places)
	p.task[queue.TaskFile] = text
	return p, err
}

// checkPlaces refuses a file that is also the directory of another.
func checkPlaces(places map[string]string) error {
	for name := range places {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if places[dir] != "" {
				return refuse("files: %.80q is a file, and the directory of %.80q", dir, name)
			}
		}
	}
	return nil
}

// mainFirst puts the entry point, the first file that may be source, before the others.
func mainFirst(files []File) []File {
	for i, f := range files {
		if f.isText() {
			sorted := append([]File{f}, files[:i]...)
			return append(sorted, files[i+1:]...)
		}
	}
	return files
}

var publicClass = regexp.MustCompile(`(?m)^\s*public\s+(?:(?:final|abstract|strictfp|sealed)\s+)*(?:class|record|interface|enum)\s+([A-Za-z_$][\w$]*)`)

// nameOf is what a file is called: the entry point gets a name that the language's compiler takes.
func nameOf(l language, f File, i int, data []byte) string {
	if i > 0 {
		return cmp.Or(f.Name, fmt.Sprintf("file%d.code", i))
	}
	name := cmp.Or(f.Name, "main")
	if !l.has(path.Ext(name)) {
		name += l.extension
	}
	if m := publicClass.FindSubmatch(data); l.own == "java" && m != nil {
		name = path.Join(path.Dir(name), string(m[1])+l.extension)
	}
	return name
}

// split says what is source, and what the program finds when it runs: in an interpreted language that is all
// but the entry point, so that nothing is left to be found out.
func split(l language, files []source) (sources, others []source) {
	if !l.interpreted {
		return files, nil
	}
	for _, f := range files[1:] { // a file of a test covers what is of the same directory
		if top(f.name) == top(files[0].name) {
			return files, nil
		}
	}
	return files[:1], files[1:]
}

func top(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

// document writes the task file.
func document(r Request, l language, places map[string]string) ([]byte, error) {
	both, err := r.limits()
	if err != nil {
		return nil, err
	}
	cpu := cmp.Or(both.run.cpu, both.run.wall, DefaultTimeout)
	test := map[string]any{"name": "run", "input_file": inputFile}
	if len(r.Args) > 0 {
		test["args"] = r.Args
	}
	if len(places) > 0 {
		test["files"] = places
	}
	task := map[string]any{
		"name":    "piston",
		"checker": "none",
		"limits": map[string]string{
			"time":   timeText(cpu),
			"wall":   timeText(cmp.Or(both.run.wall, max(cpu, DefaultTimeout))),
			"memory": sizeText(cmp.Or(both.run.memory, DefaultMemory)),
			"output": sizeText(MaxOutput),
		},
		"test": []any{test},
	}
	doc := map[string]any{"task": []any{task}}
	if own := languageTable(l, both.compile); len(own) > 0 {
		doc["language"] = map[string]any{l.own: own}
	}
	var b bytes.Buffer
	err = toml.NewEncoder(&b).Encode(doc)
	return b.Bytes(), err
}

// languageTable is what the task changes of the language.
func languageTable(l language, compile stageLimits) map[string]any {
	table := map[string]any{}
	if l.interpreted {
		table["compile"] = []string{}
		return table
	}
	limits := map[string]string{}
	if compile.wall > 0 {
		limits["wall"] = timeText(compile.wall)
	}
	if compile.cpu > 0 || compile.wall > 0 {
		limits["time"] = timeText(cmp.Or(compile.cpu, compile.wall))
	}
	if compile.memory > 0 {
		limits["memory"] = sizeText(compile.memory)
	}
	if len(limits) > 0 {
		table["compile_limits"] = limits
	}
	return table
}

func timeText(d time.Duration) string { return fmt.Sprintf("%dus", d.Microseconds()) }
func sizeText(n int64) string         { return fmt.Sprintf("%dB", n) }
