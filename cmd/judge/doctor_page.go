package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes the page.
func (d diagnosis) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\n", d.summary())
	printRemarks(w, "what does not work", d.wrong())
	printRemarks(w, "what could be better", d.notes())
	fmt.Fprintf(w, "\nhost\n  kernel\t%s\n  user\t%s\n", d.kernel, d.user)
	if d.sandbox == nil {
		fmt.Fprintf(w, "\nisolation\n  sandbox\tworks\n")
		printMechanisms(w, d.isolation)
	}
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
	return w.Flush()
}

// printRemarks writes remarks, which are in the order of their importance.
func printRemarks(w io.Writer, title string, remarks []remark) {
	if len(remarks) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	earlier := ""
	for _, r := range remarks {
		fix := r.Fix
		if fix == earlier {
			fix = "as above"
		}
		earlier = r.Fix
		what := strings.ReplaceAll(r.What, "\n", "; ") // several causes
		fmt.Fprintf(w, "  %s\n    For verdicts: %s\n    To fix it: %s\n", what, r.Means, fix)
	}
}

func printMechanisms(w io.Writer, m map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(w, "  %s\t%s\n", name, m[name])
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
