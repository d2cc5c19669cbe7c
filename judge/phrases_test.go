package judge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPhrasesAreFoundHoweverTheStreamIsCut(t *testing.T) {
	long := strings.Repeat("all is well\n", 1000)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"at the beginning", "heap space" + long, "heap space"},
		{"behind much else", long + "Error: heap space\n", "heap space"},
		{"the shorter one", long + "no memory", "no memory"},
		{"the first of two", "so: no memory, heap space", "no memory"},
		{"not whole", long + "heap spac", ""},
		{"not in one piece", "heap " + long + "space", ""},
		{"begun before it", "heap heap space", "heap space"},
		{"first in the first line", "fatal: 1", "fatal"},
		{"first in a line", long + "fatal: 1", "fatal"},
		{"not first in a line", long + " fatal: 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 7, 10, 11, 4096, len(c.text) + 1} {
				said := newPhrases([]string{"heap space", "no memory", "^fatal"})
				for rest := c.text; rest != ""; {
					n := min(size, len(rest))
					said.take([]byte(rest[:n]))
					rest = rest[n:]
				}
				assert.Equal(t, c.want, said.found, "in pieces of %d", size)
			}
		})
	}
}
