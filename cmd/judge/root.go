package main

import (
	"errors"
	"fmt"
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
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(), newDoctor(), newExplain(), newConvert(), newSelftest(), newVersion())
	return root
}

// flagError says which flag was perhaps meant, in the form in which cobra does it for commands.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return fmt.Errorf("%s: %w (see %s --help)", cmd.Name(), err, cmd.CommandPath())
	}
	message := fmt.Sprintf("%s: %v (see %s --help)", cmd.Name(), err, cmd.CommandPath())
	if similar := similarFlags(cmd, unknown.GetSpecifiedName()); len(similar) > 0 {
		message += "\n\nDid you mean this?\n\t--" + strings.Join(similar, "\n\t--")
	}
	return errors.New(message)
}

// similarFlags lets cobra compare the name with the flags: it knows how to suggest commands, so the
// flags are shown to it as such.
func similarFlags(cmd *cobra.Command, name string) []string {
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	return flags.SuggestionsFor(name)
}

// wantTaskFiles checks the arguments of commands that read task files.
func wantTaskFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s: want a task file, or a directory with a tasks.toml, as in: %s tasks.toml", cmd.Name(), cmd.CommandPath())
	}
	return nil
}
