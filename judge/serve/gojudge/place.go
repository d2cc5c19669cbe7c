package gojudge

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// workDir is where a command starts, and where its files are. Alias is its name in go-judge, which leads there.
const (
	workDir = "/work"
	alias   = "/w"
)

// Bounds of a path: each directory on the way costs a call.
const (
	maxDepth     = 32
	maxComponent = 255 // NAME_MAX
)

// place returns where a name of copyIn or copyOut is in the sandbox. It is below /w whatever links there are,
// because none is followed.
func place(name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("empty: want a path below " + alias)
	case len(name) > MaxName:
		return "", fmt.Errorf("%d bytes: want a path of at most %d", len(name), MaxName)
	case strings.ContainsRune(name, 0) || !utf8.ValidString(name):
		return "", errors.New("has a NUL byte, or is not UTF-8: want a path below " + alias)
	}
	absolute := name
	if below, ok := strings.CutPrefix(name, alias+"/"); ok {
		absolute = workDir + "/" + below
	} else if !path.IsAbs(name) {
		absolute = workDir + "/" + name
	}
	parts := strings.Split(absolute, "/")
	if slices.Contains(parts, "..") {
		return "", errors.New("want a path with no .. in it")
	}
	absolute = path.Clean(absolute)
	if !strings.HasPrefix(absolute, workDir+"/") || strings.HasSuffix(name, "/") {
		return "", errors.New("want the path of a file below " + alias)
	}
	if strings.Count(absolute, "/") > maxDepth {
		return "", fmt.Errorf("want a path of at most %d directories", maxDepth)
	}
	for _, part := range parts {
		if len(part) > maxComponent {
			return "", fmt.Errorf("%.20q…: want names of at most %d bytes", part, maxComponent)
		}
	}
	return absolute, nil
}

// optional cuts off the mark of a file that may be missing.
func optional(name string) (string, bool) { return strings.CutSuffix(name, "?") }

// directories are those below workDir that a file is in, the outermost first.
func directories(file string) []string {
	var dirs []string
	for dir := path.Dir(file); dir != workDir; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}
