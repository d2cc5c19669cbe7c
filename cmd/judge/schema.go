package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"judge/judge/report"
)

func newSchema() *cobra.Command {
	schemas := map[string]string{"task": report.TaskSchema, "record": report.RecordSchema}
	names := []string{"task", "record"}
	return &cobra.Command{
		Use:   "schema task|record",
		Short: "Print the JSON Schema of task files or of records",
		Long: `Schema prints a JSON Schema (draft 2020-12): of task files, for editors that complete and
check TOML with it, or of the records that judge run --out writes.

With Taplo, as in the extension Even Better TOML, begin a task file with the line
  #:schema ./task.schema.json`,
		Example: `  judge schema task > task.schema.json
  judge schema record > record.schema.json`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || schemas[args[0]] == "" {
				return fmt.Errorf("%s: want task or record, as in: judge schema task > task.schema.json", strings.Join(append([]string{"schema"}, args...), " "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := io.WriteString(cmd.OutOrStdout(), schemas[args[0]]); err != nil {
				return &failure{statusHost, err}
			}
			return nil
		},
	}
}
