package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"judge/judge"
)

func newInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a tasks.toml for the programs and tests of a directory",
		Long: `Init looks through a directory, by default the current one, for programs, tests, a
checker, an interactor and validators, and writes a tasks.toml that names them, with
comments. What it guesses from names (wa_greedy.cpp, submissions/time_limit_exceeded/x.py,
check.cpp, 3.in beside 3.ans) is there to be corrected. A tasks.toml that exists stays.`,
		Example: `  judge init
  judge init problems/sum && judge check problems/sum && judge run problems/sum`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("init: want one directory, not %d: each gets a task file of its own", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if err := initTask(dir, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return &failure{statusUsage, fmt.Errorf("init: %w", err)}
			}
			return nil
		},
	}
}

// initTask writes the task file of a directory and says what to do next.
func initTask(dir string, stdout, stderr io.Writer) error {
	name := filepath.Join(dir, "tasks.toml")
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s: is there already, and was not changed", name)
	}
	if err := wantDirectory(dir); err != nil {
		return err
	}
	found, err := survey(dir)
	if err != nil {
		return err
	}
	if len(found.solutions) == 0 {
		return fmt.Errorf("%s: there is no program here: want files such as solution.py or solutions/wa_greedy.cpp", dir)
	}
	if err := createFile(name, found.tasksTOML()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s: %s, %s\n", name, counted(len(found.solutions), "submission"), counted(found.tests(), "test"))
	for _, note := range found.notes() {
		fmt.Fprintf(stderr, "%s\n", note)
	}
	if _, err := judge.Load(name); err != nil {
		fmt.Fprintf(stderr, "it cannot be judged yet:\n%v\n", err)
		return nil
	}
	fmt.Fprintf(stdout, "next: judge check %s; judge run %s\n", name, name)
	return nil
}

// createFile writes a new file: nothing that exists is changed, also when it came to be just now.
func createFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// Bounds of what init looks at: a directory of a problem is smaller, and one that is not, such as a home, is
// soon left.
const (
	surveyDepth = 3
	surveyFiles = 20000
)

// survey sorts the files of a directory by what they seem to be.
func survey(dir string) (surveyed, error) {
	s := surveyed{dir: dir}
	seen := 0
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		hidden := name != "." && strings.HasPrefix(d.Name(), ".")
		switch {
		case d.IsDir() && (hidden || strings.Count(name, "/") >= surveyDepth):
			return fs.SkipDir
		case hidden || !d.Type().IsRegular():
			return nil
		}
		if seen++; seen > surveyFiles {
			return fmt.Errorf("%s: has more than %d files: want the directory of one problem", dir, surveyFiles)
		}
		s.files = append(s.files, name)
		return nil
	})
	if err != nil {
		return s, err
	}
	s.sort()
	return s, nil
}
