package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"judge/limits"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Show what this host can do, and how to get what is missing",
		Long: `Doctor tries what judging needs: it makes a sandbox and control groups, and compiles and
runs a small program in each language.

Exit status: 0 every limit holds and every figure is exact; 3 not.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := diagnose(cmd.Context())
			if err != nil {
				return &failure{statusHost, err}
			}
			if err := d.print(cmd.OutOrStdout()); err != nil {
				return &failure{statusHost, err}
			}
			if !d.exact() {
				return &failure{status: statusHost}
			}
			return nil
		},
	}
}

// diagnosis is what doctor finds out.
type diagnosis struct {
	kernel     string            // release and architecture
	user       string            // "root" or "user 1000"
	isolation  map[string]string // what keeps programs apart
	sandbox    error             // why no program can be run in one; nil: it works
	mechanisms map[string]string // what holds limits
	problems   []limits.Problem  // of limits
	languages  []languageState
}

// languageState is what became of a language's hello world.
type languageState struct {
	name    string
	version string // empty: unknown
	missing string // the program that this host does not have; empty: it is there
	problem string // what went wrong in the sandbox; empty: nothing
}

// exact says whether judging here holds every limit and measures every figure. A language that is not
// installed does not matter; one that is and does not work does. Neither do left-overs of the dead.
func (d diagnosis) exact() bool {
	broken := func(l languageState) bool { return l.problem != "" }
	matters := func(p limits.Problem) bool { return p.Limit != "left-over" }
	return d.sandbox == nil && !slices.ContainsFunc(d.problems, matters) && !slices.ContainsFunc(d.languages, broken)
}

func (d diagnosis) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "host\n  kernel\t%s\n  user\t%s\n", d.kernel, d.user)
	fmt.Fprintf(w, "\nisolation\n  sandbox\t%s\n", orProblem("works", d.sandbox))
	printMechanisms(w, d.isolation)
	if len(d.mechanisms) > 0 {
		fmt.Fprintf(w, "\nlimits\n")
	}
	printMechanisms(w, d.mechanisms)
	if len(d.languages) > 0 {
		fmt.Fprintf(w, "\nlanguages\n")
	}
	for _, l := range d.languages {
		fmt.Fprintf(w, "  %s\t%s\n", l.name, l)
	}
	d.printProblems(w)
	return w.Flush()
}

func printMechanisms(w io.Writer, m map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(w, "  %s\t%s\n", name, m[name])
	}
}

// printProblems closes with the answer to the question that made the user ask.
func (d diagnosis) printProblems(w io.Writer) {
	if len(d.problems) > 0 {
		fmt.Fprintf(w, "\nproblems\n")
	}
	for _, p := range d.problems {
		fmt.Fprintf(w, "  %s\n    To get it: %s\n", p.Sentence, p.Fix)
	}
	switch fatal := func(p limits.Problem) bool { return p.Fatal }; {
	case d.exact():
		fmt.Fprintf(w, "\nJudging here is exact.\n")
	case d.sandbox != nil:
		fmt.Fprintf(w, "\njudge cannot run programs here.\n")
	case slices.ContainsFunc(d.problems, fatal):
		fmt.Fprintf(w, "\njudge refuses to run programs here, unless with --degraded.\n")
	default:
		fmt.Fprintf(w, "\njudge runs programs here, but not all is as it should be.\n")
	}
}

func (l languageState) String() string {
	switch {
	case l.missing != "":
		return fmt.Sprintf("not installed: there is no %s%s", l.missing, whereToGet(l.missing))
	case l.problem != "":
		return strings.TrimPrefix(l.version+"; ", "; ") + "does not work: " + l.problem
	}
	return cmp.Or(l.version, "installed")
}

func orProblem(good string, err error) string {
	if err == nil {
		return good
	}
	return err.Error()
}
