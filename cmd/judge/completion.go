package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"judge/judge"
)

// addCompletions tells the shells what can stand where; `judge completion` prints what connects them with
// it. Flags and arguments that have the same name in several commands mean the same.
func addCompletions(root *cobra.Command) {
	words := func(list ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
	}
	files := func(extensions ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveFilterFileExt)
	}
	flags := map[string]cobra.CompletionFunc{
		"only":   completeOnly,
		"format": words(string(formatAuto), string(formatTable), string(formatJSONL), string(formatNone)),
		"color":  words(string(colorAuto), string(colorAlways), string(colorNever)),
		"out":    files("jsonl"),
		"replay": files("jsonl"),
		"html":   files("html"),
		"junit":  files("xml"),
		"ignore": words(findingNames...),
		"jobs":   cobra.NoFileCompletions,
	}
	taskFiles := files("toml", "zip") // and directories
	arguments := map[string]cobra.CompletionFunc{
		"run": taskFiles, "explain": taskFiles, "check": taskFiles, "why": files("jsonl"),
		"convert": cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		"doctor":  cobra.NoFileCompletions, "version": cobra.NoFileCompletions,
	}
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			wantShell(cmd)
		}
		for name, complete := range flags {
			if cmd.Flags().Lookup(name) != nil {
				cmd.RegisterFlagCompletionFunc(name, complete) // fails where the command has its own
			}
		}
		if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil {
			cmd.ValidArgsFunction = arguments[cmd.Name()]
		}
	}
}

// wantShell makes cobra's command say what it wants, where it would print its help and end well.
func wantShell(completion *cobra.Command) {
	completion.Args = func(cmd *cobra.Command, args []string) error {
		return fmt.Errorf("%s: want bash, zsh, fish or powershell, as in: source <(judge completion bash)", strings.Join(append([]string{"completion"}, args...), " "))
	}
	completion.RunE = func(*cobra.Command, []string) error { return nil }
	for _, shell := range completion.Commands() {
		shell.Args = wantNothing
	}
}

// completeOnly offers the next part of TASK/SUBMISSION/TEST, from the task files that are on the command
// line already, or else from the directory's own.
func completeOnly(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const more = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if len(args) == 0 {
		args = []string{"."}
	}
	in, err := openInputs(args)
	if err != nil {
		return nil, more
	}
	defer in.Close()
	tasks, err := in.load()
	if err != nil {
		return nil, more
	}
	return selectors(tasks, typed), more
}

// selectors are the names that begin with what is typed, each as far as it is told apart: a submission is
// offered when its task is complete, a test when its submission is.
func selectors(tasks []judge.Task, typed string) []cobra.Completion {
	var found []cobra.Completion
	offer := func(name, about string) {
		if strings.HasPrefix(name, typed) {
			found = append(found, cobra.CompletionWithDesc(name, about))
		}
	}
	for _, t := range tasks {
		if !strings.HasPrefix(typed, t.Name+"/") {
			offer(t.Name, counted(len(t.Submissions), "submission")+", "+counted(len(t.Tests), "test"))
			continue
		}
		for _, s := range t.Submissions {
			name := t.Name + "/" + s.Name
			if !strings.HasPrefix(typed, name+"/") {
				offer(name, joined(s.Expected, " or "))
				continue
			}
			for _, test := range t.Tests {
				offer(name+"/"+test.Name, "")
			}
		}
	}
	return found
}
