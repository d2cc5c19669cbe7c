package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

// prefixOf begins the messages of a command; those of judge itself have no prefix.
func prefixOf(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return ""
	}
	return cmd.Name() + ": "
}

// wantTaskFiles checks the arguments of commands that read task files.
func wantTaskFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%swant a task file, or a directory with a tasks.toml, as in: %s tasks.toml", prefixOf(cmd), cmd.CommandPath())
	}
	return nil
}

// wantNothing checks the arguments of commands that take none.
func wantNothing(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s%q: this command takes no arguments; see %s --help", prefixOf(cmd), args[0], cmd.CommandPath())
	}
	return nil
}

// wantDirectory checks a directory that a command reads.
func wantDirectory(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such directory", name)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: is a file: want the directory that it is in", name)
	}
	return nil
}
