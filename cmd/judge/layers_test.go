package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layers are the packages of this module, the lowest first. One imports only what is in a lower layer: nothing points
// upwards, and isolate and limits do not know each other.
var layers = [][]string{
	{"isolate/internal/handshake", "isolate/internal/policy", "judge/cache", "judge/report/theme", "fixtures/hostile", "fixtures/testenv"},
	{"isolate/internal/child", "judge/report/browsertest"},
	{"isolate", "limits"},
	{"judge"},
	{"judge/packages", "judge/queue", "judge/report", "judge/selftest"},
	{"judge/serve/door", "judge/worker"},
	{"judge/serve", "judge/serve/gojudge", "judge/serve/piston", "judge/serve/web", "judge/serve/door/doortest"},
	{"cmd/judge", "bench"},
}

// layerOf is the layer of a package, by its directory; -1: it has none.
func layerOf(dir string) int {
	return slices.IndexFunc(layers, func(layer []string) bool { return slices.Contains(layer, dir) })
}

// eachImport shows what our own Go files import, tests left out.
func eachImport(t *testing.T, show func(file, imported string)) {
	t.Helper()
	const root = "../.."
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "testdata", "programs", "hello"}, d.Name()) {
			return fs.SkipDir // others' programs
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := filepath.Rel(root, name)
		require.NoError(t, err)
		syntax, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range syntax.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			show(filepath.ToSlash(file), imported)
		}
		return nil
	}))
}

func TestNoPackageImportsUpwards(t *testing.T) {
	seen := map[string]bool{}
	eachImport(t, func(file, imported string) {
		dir := path.Dir(file)
		seen[dir] = true
		require.GreaterOrEqual(t, layerOf(dir), 0, "%s: say in layers where %s belongs", file, dir)
		if below, ours := strings.CutPrefix(imported, "judge/"); ours {
			require.GreaterOrEqual(t, layerOf(below), 0, "%s imports %s, which has no layer", file, imported)
			assert.Less(t, layerOf(below), layerOf(dir), "%s imports %s", file, imported)
		}
	})
	assert.Len(t, seen, len(slices.Concat(layers...)), "every layer's packages are there")
}

func TestUnsafeIsImportedWhereTheNameSaysSo(t *testing.T) {
	eachImport(t, func(file, imported string) {
		if imported == "unsafe" {
			assert.Contains(t, path.Base(file), "unsafe", file)
		}
	})
}
