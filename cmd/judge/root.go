package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "judge",
		Short: "Run untrusted programs against tests and say what happened",
		Long: `judge compiles programs and runs them against tests: each run in a sandbox of its
own, within limits, and with a verdict that says what happened.`,
		Example: `  judge run tasks.toml       judge the submissions that a task file names
  judge explain tasks.toml   show what that would do, and do nothing
  judge doctor               see what this host can do`,
		SilenceErrors: true, // run prints them
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	cobra.AddTemplateFunc("wrapped", wrappedFlags)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages", "Flags | wrapped"))
	root.AddCommand(newRun(), newDoctor(), newExplain(), newShell(), newWhy(), newInit(), newCheck(), newConvert(), newSelftest(), newServe(), newWork(), newSchema(), newVersion())
	addHelp(root)
	addCompletions(root)
	return root
}

// wrappedFlags describes flags in lines that the screen has room for; in a pipe each stays in one.
func wrappedFlags(flags *pflag.FlagSet) string { return flags.FlagUsagesWrapped(widthOf(os.Stdout)) }

// commandError says which command was perhaps meant; cobra has no type for that error, but makes it again.
func commandError(root *cobra.Command, args []string, err error) error {
	_, left, unknown := root.Find(args)
	if err == nil || unknown == nil || err.Error() != unknown.Error() {
		return err
	}
	name := ""
	for _, arg := range left {
		if !strings.HasPrefix(arg, "-") {
			name = arg
			break
		}
	}
	return errors.New(didYouMean(fmt.Sprintf("unknown command %s", name), root.SuggestionsFor(name), "judge --help lists them"))
}

// didYouMean adds to a mistake what was perhaps meant, or else where to look.
func didYouMean(mistake string, similar []string, help string) string {
	if len(similar) == 0 {
		return fmt.Sprintf("%s (%s)", mistake, help)
	}
	return fmt.Sprintf("%s: did you mean %s?", mistake, strings.Join(similar, " or "))
}

// similar are those of names that a misspelt one may mean. Cobra knows how to suggest commands that can be run, so they are shown to
// it as such.
func similar(name string, names []string) []string {
	all := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, n := range names {
		all.AddCommand(&cobra.Command{Use: n, Run: func(*cobra.Command, []string) {}})
	}
	return all.SuggestionsFor(name)
}
