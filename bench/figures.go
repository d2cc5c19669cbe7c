package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// figures are what was measured. The zero value has none.
type figures struct {
	list    []figure
	remarks map[string]string // by the part of the key before the last slash
	missing map[string]string // what could not be measured, and why; by such a part too
}

// figure is one measured number. Its key is SCENARIO/FIGURE_UNIT or SCENARIO/CONTENDER/FIGURE_UNIT, and
// stays the same from version to version; README.md explains it.
type figure struct {
	key   string
	value float64
}

func (f *figures) add(key string, value float64) {
	f.list = append(f.list, figure{key, value})
}

// remark says of all figures below a part of their keys how they came to be.
func (f *figures) remark(part, words string) {
	if f.remarks == nil {
		f.remarks = map[string]string{}
	}
	f.remarks[part] = words
}

// miss says why there are no figures below a part.
func (f *figures) miss(part string, why error) {
	if f.missing == nil {
		f.missing = map[string]string{}
	}
	f.missing[part] = strings.Join(strings.Fields(why.Error()), " ")
}

// get returns the figure with the key.
func (f *figures) get(key string) (float64, bool) {
	i := slices.IndexFunc(f.list, func(one figure) bool { return one.key == key })
	if i < 0 {
		return 0, false
	}
	return f.list[i].value, true
}

// report is all that a run of the command says. Its JSON is what -json writes.
type report struct {
	Machine machine            `json:"machine"`
	Command string             `json:"command"`
	Figures map[string]float64 `json:"figures"`
	Remarks map[string]string  `json:"remarks,omitempty"`
	Missing map[string]string  `json:"missing,omitempty"`
	Targets []result           `json:"targets"`

	order []string // of the figures
}

func (f *figures) report(o options) report {
	r := report{
		Machine: thisMachine(), Command: o.command(), Figures: map[string]float64{},
		Remarks: f.remarks, Missing: f.missing, Targets: results(f, o.only),
	}
	for _, one := range f.list {
		r.Figures[one.key] = one.value
		r.order = append(r.order, one.key)
	}
	return r
}

// command is how this run is repeated.
func (o options) command() string {
	c := "go run ./bench"
	if o.quick {
		c += " -quick"
	}
	if o.only != "" {
		c += " -only " + o.only
	}
	if o.server != "" {
		c += " -server URL"
	}
	return c
}

func (r report) writeJSON(file string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// print writes tables for each scenario: one of what belongs to no contender, and one with a row for each.
func (r report) print(to io.Writer) {
	fmt.Fprintf(to, "%s\n%s\n", r.Machine, r.Command)
	for _, scenario := range scenarios {
		r.printScenario(to, scenario.name)
	}
	if len(r.Targets) == 0 {
		return
	}
	t := newTable(to, "target", "wanted", "measured", "")
	for _, result := range r.Targets {
		measured := "-"
		if result.Measured != nil {
			measured = number(*result.Measured)
		}
		t.AppendRow(table.Row{result.What, result.wanted(), measured, result.State})
	}
	t.Render()
}

func (r report) printScenario(to io.Writer, scenario string) {
	rows, columns := map[string]map[string]string{}, []string{}
	var parts []string // the rows' names, in order
	var upright table.Writer
	for _, key := range r.order {
		part, figure := cutLast(key, "/")
		value := number(r.Figures[key])
		switch name, _, _ := strings.Cut(key, "/"); {
		case name != scenario:
			continue
		case part == scenario:
			if upright == nil {
				upright = newTable(to, scenario, "", r.Remarks[scenario])
			}
			upright.AppendRow(table.Row{figure, value})
			continue
		case rows[part] == nil:
			rows[part] = map[string]string{}
			parts = append(parts, part)
		}
		rows[part][figure] = value
		if !slices.Contains(columns, figure) {
			columns = append(columns, figure)
		}
	}
	if upright != nil {
		upright.Render()
	}
	if len(parts) == 0 {
		return
	}
	header := table.Row{scenario}
	for _, column := range columns {
		header = append(header, column)
	}
	t := newTable(to, append(header, "remark")...)
	for _, part := range parts {
		row := table.Row{strings.TrimPrefix(part, scenario+"/")}
		for _, column := range columns {
			row = append(row, rows[part][column])
		}
		t.AppendRow(append(row, r.Remarks[part]))
	}
	for _, part := range slices.Sorted(maps.Keys(r.Missing)) {
		if name, found := strings.CutPrefix(part, scenario+"/"); found {
			row := table.Row{name, "not run"}
			for range columns[1:] {
				row = append(row, "")
			}
			t.AppendRow(append(row, r.Missing[part]))
		}
	}
	t.Render()
}

func newTable(to io.Writer, columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(to)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault // keys are lower case
	t.AppendHeader(columns)
	return t
}

// number writes four digits, or all before the point if there are more.
func number(x float64) string {
	if x >= 1000 || x <= -1000 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}

func cutLast(s, sep string) (before, after string) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+len(sep):]
}

//go:embed README.md
var readme string

// documented makes sure that README.md explains every figure.
func (r report) documented() error {
	keys := documentedKeys(readme)
	for _, key := range r.order {
		if !slices.ContainsFunc(keys, func(k *regexp.Regexp) bool { return k.MatchString(key) }) {
			return fmt.Errorf("bug: README.md does not say what the figure %s is", key)
		}
	}
	return nil
}

// documentedKeys are those that begin a row of a table. Words in capitals stand for any of several names.
func documentedKeys(page string) []*regexp.Regexp {
	var keys []*regexp.Regexp
	for _, row := range regexp.MustCompile("(?m)^[|] `([^`]+)`").FindAllStringSubmatch(page, -1) {
		pattern := regexp.MustCompile(`[A-Z]+`).ReplaceAllString(row[1], `[a-z0-9-]+`)
		keys = append(keys, regexp.MustCompile("^"+pattern+"$"))
	}
	return keys
}
