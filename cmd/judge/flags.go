package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// oneDash finds the name of a long flag behind a single dash: -out FILE would be -o ut, and FILE a task file.
func oneDash(root *cobra.Command, args []string) error {
	cmd, args, err := root.Find(args)
	if err != nil {
		return nil // which cobra says
	}
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		arg := args[i]
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		flag := cmd.Flags().Lookup(name)
		switch {
		case !strings.HasPrefix(arg, "-") || name == "":
			continue
		case !strings.HasPrefix(arg, "--") && len(name) == 1:
			flag = cmd.Flags().ShorthandLookup(name)
		case !strings.HasPrefix(arg, "--") && flag != nil:
			return errors.New(didYouMean(fmt.Sprintf("%sunknown flag -%s", prefixOf(cmd), name), []string{"--" + name}, ""))
		}
		if flag != nil && !hasValue && flag.NoOptDefVal == "" {
			i++ // the flag's value, which may begin with a dash
		}
	}
	return nil
}

// flagError says what is wrong with a flag, and which was perhaps meant.
func flagError(cmd *cobra.Command, err error) error {
	where, help := prefixOf(cmd), fmt.Sprintf("see %s --help", cmd.CommandPath())
	var unknown *pflag.NotExistError
	var without *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name, dashes := unknown.GetSpecifiedName(), "--"
		if letters := unknown.GetSpecifiedShortnames(); letters != "" {
			name, dashes = letters, "-"
		}
		var meant []string
		for _, s := range similarFlags(cmd, name) {
			meant = append(meant, "--"+s)
		}
		if !cmd.HasParent() { // judge --version, say
			for _, c := range similarCommands(cmd, strings.TrimLeft(name, "-")) {
				meant = append(meant, "judge "+c)
			}
		}
		return errors.New(didYouMean(fmt.Sprintf("%sunknown flag %s%s", where, dashes, name), meant, help))
	case errors.As(err, &without):
		flag := without.GetFlag()
		kind, _ := pflag.UnquoteUsage(flag)
		return fmt.Errorf("%s--%s: want a value, as in --%s %s (%s)", where, flag.Name, flag.Name, kind, help)
	case errors.As(err, &wrong):
		flag := wrong.GetFlag()
		return fmt.Errorf("%s--%s %q: %s (%s)", where, flag.Name, wrong.GetValue(), wantedValue(flag, err), help)
	}
	return fmt.Errorf("%s%w (%s)", where, err, help)
}

// wantedValue says what a flag takes. Flags of our own types say so themselves.
func wantedValue(flag *pflag.Flag, err error) string {
	switch flag.Value.Type() {
	case "int", "int64", "uint":
		return "want a whole number"
	case "duration":
		return `want a duration such as "10s"`
	case "bool":
		return "want true or false, or no value"
	}
	if cause := errors.Unwrap(err); cause != nil {
		return cause.Error()
	}
	return err.Error()
}

// similarFlags are the flags that a misspelt name may mean.
func similarFlags(cmd *cobra.Command, name string) []string {
	if len(name) < 2 {
		return nil
	}
	var flags []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	return similar(name, flags)
}
