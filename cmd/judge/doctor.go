package main

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"judge/limits"
)

func newDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Show what this host can do, and how to get what is missing",
		Long: `Doctor tries what judging needs: it makes a sandbox and control groups, and compiles and
runs a small program in each language. It prints what does not work, the most important
first, with what that means for verdicts and what to type; then what could be better; then
what works.

Exit status: 0 every limit holds and every figure is exact; 3 not.`,
		Example: `  judge doctor
  judge doctor --json | jq .problems`,
		Args: wantNothing,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := diagnose(cmd.Context())
			if err != nil {
				return &failure{statusHost, err}
			}
			show := d.print
			if asJSON {
				show = d.printJSON
			}
			if err := show(cmd.OutOrStdout()); err != nil {
				return &failure{statusHost, err}
			}
			if !d.exact() {
				return &failure{status: statusHost}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// diagnosis is what doctor finds out.
type diagnosis struct {
	kernel     string            // release and architecture
	user       string            // "root" or "user 1000"
	isolation  map[string]string // what keeps programs apart
	sandbox    error             // why no program can be run in one; nil: it works
	mechanisms map[string]string // what holds limits
	problems   []limits.Problem  // of limits
	timing     []remark          // what makes times vary
	languages  []languageState
}

// languageState is what became of a language's hello world.
type languageState struct {
	name    string
	version string // empty: unknown
	missing string // the program that this host does not have; empty: it is there
	problem string // what went wrong in the sandbox; empty: nothing
}

// remark is something that is not as it could be.
type remark struct {
	What  string `json:"what"`
	Means string `json:"means"` // for verdicts
	Fix   string `json:"fix"`   // what to type or to do
}

// exact says whether judging here holds every limit and measures every figure. A language that is not
// installed does not matter; one that is and does not work does. Neither do left-overs of the dead.
func (d diagnosis) exact() bool {
	broken := func(l languageState) bool { return l.problem != "" }
	return d.sandbox == nil && !slices.ContainsFunc(d.problems, inexact) && !slices.ContainsFunc(d.languages, broken)
}

func inexact(p limits.Problem) bool { return p.Limit != "left-over" }

// refuses says whether judge runs nothing here without --degraded, for want of limits.
func (d diagnosis) refuses() bool {
	return slices.ContainsFunc(d.problems, func(p limits.Problem) bool { return p.Fatal })
}

// summary answers the question that made the user ask.
func (d diagnosis) summary() string {
	switch {
	case d.exact():
		return "Judging here is exact."
	case d.sandbox != nil:
		return "judge cannot run programs here."
	case d.refuses():
		return "judge refuses to run programs here, unless with --degraded."
	}
	return "judge runs programs here, but not all is as it should be."
}

// printJSON writes what print does, for programs.
func (d diagnosis) printJSON(to io.Writer) error {
	type language struct {
		Name    string `json:"name"`
		Works   bool   `json:"works"`
		Version string `json:"version,omitempty"`
		Missing string `json:"missing,omitempty"`
		Problem string `json:"problem,omitempty"`
		Fix     string `json:"fix,omitempty"`
	}
	languages := make([]language, len(d.languages))
	for i, l := range d.languages {
		languages[i] = language{l.name, l.missing == "" && l.problem == "", l.version, l.missing, l.problem, installation[l.missing]}
	}
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Exact     bool              `json:"exact"`
		Sandbox   bool              `json:"sandbox"`
		Summary   string            `json:"summary"`
		Kernel    string            `json:"kernel"`
		User      string            `json:"user"`
		Problems  []remark          `json:"problems"`
		Notes     []remark          `json:"notes"`
		Isolation map[string]string `json:"isolation"`
		Limits    map[string]string `json:"limits"`
		Languages []language        `json:"languages"`
	}{
		d.exact(), d.sandbox == nil, d.summary(), d.kernel, d.user, orNone(d.wrong()), orNone(d.notes()), d.isolation, d.mechanisms, languages,
	})
}

// orNone has an empty array in JSON where there is nothing.
func orNone(remarks []remark) []remark {
	if remarks == nil {
		return []remark{}
	}
	return remarks
}
