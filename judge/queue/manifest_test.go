package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckPath(t *testing.T) {
	for path, good := range map[string]bool{
		"a": true, "tests/1.in": true, ".hidden": true, "a b": true, "ä": true, "..a/b..": true, "-": true,
		strings.Repeat("a", maxPathPart): true, strings.Repeat("a/", 255) + "a": true,
		"": false, ".": false, "..": false, "/": false, "/a": false, "a/": false, "a//b": false, "./a": false, "a/.": false, "a/../b": false,
		"../a": false, `a\b`: false, "a\x00": false, "a\nb": false, "\x7f": false, "\u0085": false, "\xff": false,
		strings.Repeat("a", maxPathPart+1): false, strings.Repeat("a/", 300) + "a": false,
	} {
		err := CheckPath(path)
		if good {
			assert.NoError(t, err, "%q", path)
		} else {
			assert.ErrorIs(t, err, ErrInvalid, "%q", path)
		}
	}
}

func TestManifest(t *testing.T) {
	m := &Manifest{Files: map[string]string{TaskFile: task, "tests/1.in": task, "tests/1.ans": task}}
	b, err := m.Encode()
	require.NoError(t, err)
	assert.Equal(t, `{"files":{"tasks.toml":"`+task+`","tests/1.ans":"`+task+`","tests/1.in":"`+task+`"}}`, string(b))
	again, err := ParseManifest(b)
	require.NoError(t, err)
	assert.Equal(t, m, again)
	many := map[string]string{TaskFile: task}
	for i := range MaxManifestFiles {
		many[fmt.Sprint(i)] = task
	}
	deep := map[string]string{TaskFile: task}
	for i := range MaxDirectories/100 + 1 {
		deep[strings.Repeat(fmt.Sprint(i)+"/", 100)+"x"] = task
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  error
	}{
		"no task file":       {map[string]string{"a": task}, ErrInvalid},
		"a file below one":   {map[string]string{TaskFile: task, "a": task, "a/b/c": task}, ErrInvalid},
		"a path that climbs": {map[string]string{TaskFile: task, "../a": task}, ErrInvalid},
		"no hash":            {map[string]string{TaskFile: "tasks"}, ErrInvalid},
		"too many":           {many, ErrTooLarge},
		"many directories":   {deep, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&Manifest{Files: test.files}).Encode()
			require.ErrorIs(t, err, test.want)
		})
	}
	for _, text := range []string{"", "{", "null", "[]", `{"files":[]}`, `{"files":{"tasks.toml":1}}`, strings.Repeat("[", 1<<20)} {
		_, err := ParseManifest([]byte(text))
		assert.ErrorIs(t, err, ErrInvalid, "%.20q", text)
	}
	_, err = ParseManifest(make([]byte, MaxManifest+1))
	require.ErrorIs(t, err, ErrTooLarge)
}

func FuzzManifest(f *testing.F) {
	f.Add(`{"files":{"tasks.toml":"` + task + `","a/b":"` + task + `"}}`)
	f.Add(`{"files":{"tasks.toml":"` + task + `","a\\b":""}}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseManifest([]byte(text))
		if err != nil {
			return
		}
		b, err := m.Encode()
		require.NoError(t, err)
		again, err := ParseManifest(b)
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}

func TestClasses(t *testing.T) {
	for want, needs := range map[string][]string{
		"=any":              nil,
		"any":               {"any"},
		"cpp":               {"cpp"},
		"c=2B=2B_python":    {"c++", "python"},
		"c=23_x-1=5Fy=2Ez":  {"c#", "x-1_y.z"},
		"=2B_=5F_a_b_c_d_e": {"+", "_", "a", "b", "c", "d", "e"},
	} {
		assert.Equal(t, want, classOf(needs))
		again, err := needsOf(want)
		require.NoError(t, err)
		assert.Equal(t, needs, again)
	}
}

func FuzzClass(f *testing.F) {
	for _, class := range []string{"=any", "cpp_python", "c=2B=2B", "=", "=2", "=zz", "_", "", "b_a", "=41", "*", "a.b", ">"} {
		f.Add(class)
	}
	f.Fuzz(func(t *testing.T, class string) {
		needs, err := needsOf(class)
		if err != nil {
			return
		}
		require.Equal(t, class, classOf(needs))
		require.NoError(t, checkNeeds(needs))
		require.True(t, slices.IsSorted(needs))
		require.False(t, strings.ContainsAny(class, ".*> \t\r\n/\\"))
	})
}
