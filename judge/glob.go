package judge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Patterns name files as in path.Match, element by element: `*`, `?`, `[a-z]` and `\` within a name,
// and `**` for any number of directories, also none. As in a shell, a name that begins with a dot is
// matched only by an element that does.

// isPattern says whether a path has to be expanded.
func isPattern(s string) bool { return strings.ContainsAny(s, `*?[\`) }

// checkPattern says what is wrong with a pattern.
func checkPattern(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return errors.New("bad pattern: want [ closed by ], and something after \\")
	}
	return nil
}

// matchPath says whether a slash-separated name matches a pattern that checkPattern accepted. Time is
// linear in the product of their lengths.
func matchPath(pattern, name string) bool {
	elements, names := strings.Split(pattern, "/"), strings.Split(name, "/")
	// reach[j]: the elements so far match the first j names.
	reach := make([]bool, len(names)+1)
	reach[0] = true
	for _, element := range elements {
		next := make([]bool, len(names)+1)
		for j := range next {
			switch {
			case element == "**":
				next[j] = reach[j] || j > 0 && next[j-1] && !strings.HasPrefix(names[j-1], ".")
			case j > 0:
				next[j] = reach[j-1] && matchElement(element, names[j-1])
			}
		}
		reach = next
	}
	return reach[len(names)]
}

// matchElement matches one name of a path.
func matchElement(element, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(element, ".") {
		return false
	}
	ok, err := path.Match(element, name)
	return ok && err == nil
}

// literalCount is the measure of how specific a pattern is: the characters that match only themselves.
func literalCount(pattern string) int {
	return len(pattern) - strings.Count(pattern, "*") - strings.Count(pattern, "?")
}

// maxGlobEntries bounds what one pattern may look at, in case `**` meets a whole file system.
const maxGlobEntries = 1_000_000

// expandGlob returns the files and directories below dir (or below the root, for an absolute pattern)
// that match, as the pattern names them, in lexicographic order. Nothing found is not an error;
// a directory that cannot be read is. Directories reached through symbolic links are followed for
// `*`, not for `**`. Spend says whether there is effort left for what is looked at.
func expandGlob(dir, pattern string, spend func(units int) bool) ([]string, error) {
	g := globber{dir: dir, each: effortFile + effortName*len(pattern), spend: spend}
	if err := g.count(1); err != nil {
		return nil, err
	}
	found := []string{""}
	if strings.HasPrefix(pattern, "/") {
		found = []string{"/"}
		pattern = strings.TrimLeft(pattern, "/")
	}
	elements := strings.Split(pattern, "/")
	for i, element := range elements {
		if element == "**" {
			return g.walk(found, strings.Join(elements[i:], "/"))
		}
		var err error
		if found, err = g.step(found, element, i < len(elements)-1); err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return found, nil
}

type globber struct {
	dir   string
	seen  int
	each  int // effort for a file
	spend func(units int) bool
}

// at is where a name that the pattern gives is to be found.
func (g *globber) at(name string) string { return resolve(g.dir, name) }

// step matches one element in each directory.
func (g *globber) step(dirs []string, element string, wantDirectory bool) ([]string, error) {
	var found []string
	for _, dir := range dirs {
		if !isPattern(element) {
			name := path.Join(dir, element)
			if _, err := os.Lstat(g.at(name)); err == nil {
				found = append(found, name)
			}
			continue
		}
		entries, err := g.read(dir)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if !matchElement(element, entry.Name()) {
				continue
			}
			name := path.Join(dir, entry.Name())
			if wantDirectory && !entry.IsDir() {
				if info, err := os.Stat(g.at(name)); err != nil || !info.IsDir() {
					continue
				}
			}
			found = append(found, name)
		}
	}
	return found, nil
}

// read lists a directory; what is not one has no entries.
func (g *globber) read(dir string) ([]os.DirEntry, error) {
	if info, err := os.Stat(g.at(dir)); err != nil || !info.IsDir() {
		return nil, nil
	}
	entries, err := os.ReadDir(g.at(dir))
	if err != nil {
		return nil, fmt.Errorf("read directory %s: %w", quoted(dir), plainCause(err))
	}
	return entries, g.count(len(entries))
}

func (g *globber) count(n int) error {
	if g.seen += n; g.seen > maxGlobEntries {
		return fmt.Errorf("there are more than %d files to look at", maxGlobEntries)
	}
	if !g.spend(n * g.each) {
		return errors.New("there are too many files to look at, for so many patterns")
	}
	return nil
}

// walk matches a pattern that begins with `**` against everything below the directories.
func (g *globber) walk(dirs []string, pattern string) ([]string, error) {
	var found []string
	for _, dir := range dirs {
		root := g.at(dir)
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			continue
		}
		err := filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("read directory %s: %w", quoted(at), plainCause(err))
			}
			if at == root {
				return nil
			}
			if err := g.count(1); err != nil {
				return err
			}
			below := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(at, root), string(filepath.Separator)))
			if !entry.IsDir() && matchPath(pattern, below) {
				found = append(found, path.Join(dir, below))
			}
			if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && !strings.Contains(pattern, "/.") {
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return found, nil
}
