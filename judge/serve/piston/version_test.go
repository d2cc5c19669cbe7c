package piston

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

func TestVersionIn(t *testing.T) {
	for line, want := range map[string]string{
		"g++ (Debian 12.2.0-14) 12.2.0":                             "12.2.0",
		"g++ (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0":                 "9.4.0",
		"Python 3.11.2":                                             "3.11.2",
		"go version go1.26 linux/amd64":                             "1.26.0",
		"openjdk 21 2023-09-19":                                     "21.0.0",
		"GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)": "5.2.15",
		"perl v5.36.0":                                              "5.36.0",
		"v18.19.0":                                                  "18.19.0",
		"":                                                          "0.0.0",
		"no number":                                                 "0.0.0",
		"99999999999999999999.1":                                    "0.0.0",
	} {
		assert.Equal(t, want, versionIn(line).String(), line)
	}
}

func TestSelectors(t *testing.T) {
	for _, row := range []struct {
		selector string
		has, not []version
	}{
		{"*", []version{{}, {3, 9, 1}}, nil},
		{"", []version{{3, 9, 1}}, nil},
		{"x", []version{{3, 9, 1}}, nil},
		{"3", []version{{3, 0, 0}, {3, 99, 1}}, []version{{2, 9, 9}, {4, 0, 0}}},
		{"3.x", []version{{3, 9, 1}}, []version{{4, 0, 0}}},
		{"3.x.x", []version{{3, 9, 1}}, []version{{4, 0, 0}}},
		{"3.9", []version{{3, 9, 1}}, []version{{3, 10, 0}}},
		{"3.9.*", []version{{3, 9, 1}}, []version{{3, 10, 0}}},
		{"3.9.1", []version{{3, 9, 1}}, []version{{3, 9, 2}, {3, 9, 0}}},
		{"v3.9.1", []version{{3, 9, 1}}, []version{{3, 9, 2}}},
		{"=3.9.1", []version{{3, 9, 1}}, []version{{3, 9, 2}}},
		{"3.9.1-beta+1", []version{{3, 9, 1}}, []version{{3, 9, 2}}},
		{"^3.9.1", []version{{3, 9, 1}, {3, 99, 0}}, []version{{3, 9, 0}, {4, 0, 0}}},
		{"^0.2.3", []version{{0, 2, 9}}, []version{{0, 3, 0}}},
		{"^0.0.3", []version{{0, 0, 3}}, []version{{0, 0, 4}}},
		{"^0", []version{{0, 9, 3}}, []version{{1, 0, 0}}},
		{"^*", []version{{0, 9, 3}, {3, 9, 1}}, nil},
		{"~3.9.1", []version{{3, 9, 2}}, []version{{3, 10, 0}, {3, 9, 0}}},
		{"~3", []version{{3, 10, 2}}, []version{{4, 0, 0}}},
		{">=3.9 <3.12", []version{{3, 9, 0}, {3, 11, 5}}, []version{{3, 12, 0}, {3, 8, 9}}},
		{">= 3.9", []version{{4, 0, 0}}, []version{{3, 8, 9}}},
		{">3.9", []version{{3, 10, 0}}, []version{{3, 9, 9}}},
		{"<=3.9", []version{{3, 9, 9}}, []version{{3, 10, 0}}},
		{"3.8 - 3.9", []version{{3, 8, 0}, {3, 9, 9}}, []version{{3, 10, 0}}},
		{"2.x || >=3.9.0", []version{{2, 7, 1}, {3, 9, 9}}, []version{{3, 0, 0}}},
	} {
		s, err := parseSelector(row.selector)
		require.NoError(t, err, row.selector)
		for _, v := range row.has {
			assert.True(t, s.has(v), "%s has %s", row.selector, v)
		}
		for _, v := range row.not {
			assert.False(t, s.has(v), "%s has %s", row.selector, v)
		}
	}
	for _, wrong := range []string{"latest", "3.9.1.2", "1..2", ">", "3,9", "-1", "9999999999"} {
		_, err := parseSelector(wrong)
		assert.Error(t, err, wrong)
	}
}

func TestRuntimes(t *testing.T) {
	list := runtimesOf([]queue.Advert{
		{Languages: map[string]string{"python": "Python 3.11.2", "cpp": "g++ (Debian 12.2.0-14) 12.2.0", "own": ""}},
		{Languages: map[string]string{"python": "Python 3.11.2", "cpp": "g++ 13.1.0"}},
	})
	var shown []Runtime
	for _, r := range list {
		shown = append(shown, r.shown())
	}
	assert.Equal(t, []Runtime{
		{Language: "c++", Version: "13.1.0", Aliases: []string{"cpp", "g++"}, Runtime: "gcc"},
		{Language: "c++", Version: "12.2.0", Aliases: []string{"cpp", "g++"}, Runtime: "gcc"},
		{Language: "own", Version: "0.0.0", Aliases: []string{}},
		{Language: "python", Version: "3.11.2", Aliases: []string{"py", "py3", "python3"}},
	}, shown)
	for _, row := range []struct{ name, version, want, wrong string }{
		{"py", "3.x", "3.11.2", ""},
		{"python", "3.11.2", "3.11.2", ""},
		{"cpp", "*", "13.1.0", ""},
		{"c++", ">=12", "13.1.0", ""},
		{"c++", "13.x", "", "some workers have 12.2.0"},
		{"c++", "14", "", "c++-14 runtime is unknown"},
		{"python", "2", "", "python-2 runtime is unknown"},
		{"cobol", "*", "", "cobol-* runtime is unknown"},
		{"python", "latest", "", "is no version"},
	} {
		r, err := choose(list, row.name, row.version)
		if row.wrong != "" {
			assert.ErrorContains(t, err, row.wrong)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, row.want, r.version.String())
	}
}
