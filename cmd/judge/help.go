package main

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed help/*.md
var helpPages embed.FS

// helpTopics are the pages of judge help, in the order in which they are listed.
var helpTopics = []string{"tasks", "verdicts", "records", "isolation", "operating", "library"}

// helpPage is the text of a topic; it is Markdown that reads well as it is.
func helpPage(topic string) string {
	text, err := helpPages.ReadFile("help/" + topic + ".md")
	if err != nil {
		return "bug: " + err.Error()
	}
	return string(text)
}

// addHelp makes `judge help TOPIC` print a page, beside what cobra's `judge help COMMAND` does.
func addHelp(root *cobra.Command) {
	for _, topic := range helpTopics {
		title, _, _ := strings.Cut(helpPage(topic), "\n")
		root.AddCommand(&cobra.Command{Use: topic, Short: strings.TrimPrefix(title, "# "), Long: helpPage(topic)})
	}
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Explain a command, or print a page about a topic",
		Long:  "Help explains a command, or prints a page about a topic: " + strings.Join(helpTopics, ", ") + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			of, left, err := root.Find(args)
			if err != nil || len(left) > 0 {
				name := strings.Join(args, " ")
				return fmt.Errorf("help: %s", didYouMean(fmt.Sprintf("there is no command or topic %q", name), similarCommands(root, name), "judge help lists them"))
			}
			if of.IsAdditionalHelpTopicCommand() {
				_, err := io.WriteString(cmd.OutOrStdout(), of.Long)
				return err
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, c := range root.Commands() {
				if len(args) == 0 && (c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand()) {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	})
}

// similarCommands are the commands and topics that a misspelt name may mean.
func similarCommands(root *cobra.Command, name string) []string {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return similar(name, names)
}
