package judge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMatchPath(t *testing.T) {
	cases := []struct {
		pattern, name string
		want          bool
	}{
		{"a.c", "a.c", true},
		{"*.c", "a.c", true},
		{"*.c", "d/a.c", false},
		{"*", ".a", false},
		{".*", ".a", true},
		{"d/*", "d/e/a", false},
		{"**", "a", true},
		{"**", "d/e/a", true},
		{"**/a", "a", true},
		{"**/a", "d/e/a", true},
		{"d/**", "d/a", true},
		{"d/**/a", "d/a", true},
		{"d/**/a", "e/a", false},
		{"**/*.c", "d/.hidden/a.c", false},
		{"**/**/a", "a", true},
		{"a\\*", "a*", true},
		{"a\\*", "ab", false},
		{"[ab].c", "b.c", true},
		{"[^ab].c", "b.c", false},
		{"?.c", "é.c", true},
		{"", "", true},
		{"../a", "../a", true},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, matchPath(c.pattern, c.name), "%q against %q", c.pattern, c.name)
	}
}

func TestExpandGlob(t *testing.T) {
	files := map[string]string{}
	for _, name := range strings.Fields("a.c b.c c.py d/a.c d/e/a.c d/e/.h/x.c .hidden/a.c z/a*b.c") {
		files[name] = ""
	}
	dir := write(t, files)
	require.NoError(t, os.Symlink("d", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink(".", filepath.Join(dir, "d/e/loop")))
	cases := []struct {
		pattern string
		want    string
	}{
		{"*.c", "a.c b.c"},
		{"[bc].*", "b.c c.py"},
		{"*/*.c", "d/a.c link/a.c z/a*b.c"},
		{"d/*", "d/a.c d/e"},
		{"**/*.c", "a.c b.c d/a.c d/e/a.c z/a*b.c"},
		{"d/**/*.c", "d/a.c d/e/a.c"},
		{"d/**", "d/a.c d/e/a.c d/e/loop"},
		{"**/.h/*.c", "d/e/.h/x.c"},
		{".*/*.c", ".hidden/a.c"},
		{`z/a\*b.c`, "z/a*b.c"},
		{"nothing/*", ""},
		{"a.c/*", ""},
		{"a.c/**", ""},
		{"d/e/loop/loop/*.c", "d/e/loop/loop/a.c"},
	}
	for _, c := range cases {
		t.Run(c.pattern, func(t *testing.T) {
			got, err := expandGlob(dir, c.pattern, anyEffort)
			require.NoError(t, err)
			assert.Equal(t, c.want, strings.Join(got, " "))
			got, err = expandGlob("/", dir+"/"+c.pattern, anyEffort)
			require.NoError(t, err)
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], dir+"/")
			}
			assert.Equal(t, c.want, strings.Join(got, " "), "absolute")
		})
	}
	got, err := expandGlob(filepath.Join(dir, "d"), "../*.c", anyEffort)
	require.NoError(t, err)
	assert.Equal(t, []string{"../a.c", "../b.c"}, got)
}

func FuzzMatchPath(f *testing.F) {
	f.Add("**/a*[b-c]?", "d/abc")
	f.Add(`\*/**/.x`, "*/.x")
	f.Fuzz(func(_ *testing.T, pattern, name string) { matchPath(pattern, name) })
}
