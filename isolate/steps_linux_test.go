package isolate

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestStepsAreAsWritten compares what init does for several roots with testdata/steps.golden, which
// is made to be read. What Landlock adds depends on the kernel and is left out.
func TestStepsAreAsWritten(t *testing.T) {
	var text strings.Builder
	for _, row := range []struct {
		name string
		spec rootSpec
	}{
		{"the default root, on a host with a merged /usr", rootSpec{Base: true, Moves: []string{"/usr"}, Size: 64 << 20, Inodes: 16384}},
		{"layers on the base, on a host with separate directories", rootSpec{Base: true, Moves: []string{"/usr", "/bin", "/lib"}, Layers: 3, Size: 1 << 20, Inodes: 100}},
		{"a root file system of its own", rootSpec{Layers: 1, Size: 1 << 20, Inodes: 100}},
		{"what is written is kept", rootSpec{Base: true, Layers: 1, Upper: true, Size: 1 << 20, Inodes: 100}},
		{"binds", rootSpec{Base: true, Size: 1 << 20, Inodes: 100, Binds: []bindSpec{
			{Target: "/data/tests"}, {Target: "/data/answer", File: true}, {Target: "/work/in", Writable: true}, {Target: "/etc/passwd", File: true}}}},
		{"what the caller creates, for a user of its own", rootSpec{Base: true, Size: 1 << 20, Inodes: 100, IDs: IDs{User: 5, Group: 6}, Create: entrySpecs([]Entry{
			{Path: "/data/file", Content: "text"}, {Path: "/data/empty", Mode: 0o600, UID: 5, GID: 6},
			{Path: "/data/dir", Mode: fs.ModeDir}, {Path: "/data/dir/link", Mode: fs.ModeSymlink, Content: "../file", UID: 5}})}},
		{"hooks", rootSpec{Base: true, Size: 1 << 20, Inodes: 100, HookPivot: true, HookExec: true}},
	} {
		fmt.Fprintf(&text, "# %s\n", row.name)
		for _, s := range initSteps(row.spec, 7) {
			if s.Call == unix.SYS_LANDLOCK_CREATE_RULESET {
				break
			}
			fmt.Fprintln(&text, s)
		}
		text.WriteString("\n")
	}
	const golden = "testdata/steps.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), text.String(), "go test -update writes the file anew")
}

func indexOf(t *testing.T, steps []child.Step, name string) int {
	t.Helper()
	i := slices.IndexFunc(steps, func(s child.Step) bool { return s.Name == name })
	require.GreaterOrEqual(t, i, 0, "there is no step %q", name)
	return i
}

// The order is what makes it safe: rights are given up before the gate, and the filter comes last.
func TestProgramGivesUpItsRightsInOrder(t *testing.T) {
	steps, err := programSteps(rootSpec{Base: true}, noAdmission, 0)
	require.NoError(t, err)
	last := -1
	for _, name := range []string{"leave all groups", "set group id", "set user id", "drop all capabilities", "install the system call filter"} {
		i := indexOf(t, steps, name)
		assert.Greater(t, i, last, name)
		last = i
	}
}

func TestRootIsChangedAfterAllMounts(t *testing.T) {
	steps := initSteps(rootSpec{Base: true, Moves: []string{"/usr"}, Binds: []bindSpec{{Target: "/a"}}}, 7)
	assert.Equal(t, len(steps)-1, indexOf(t, steps, "change the root"))
	assert.Equal(t, len(steps)-2, indexOf(t, steps, "cover / with it"))
}

func TestSystemCallsOfStepsHaveNames(t *testing.T) {
	for _, line := range Explain(Program{Path: "x", Root: &Root{Upper: &Scratch{}, Binds: []Bind{{Target: "/a"}}}, Rlimits: []Rlimit{{}}}) {
		assert.NotContains(t, line, ": syscall ")
	}
	for _, line := range Explain(Program{Path: "x", Root: &Root{Create: []Entry{{Path: "/a", Content: "x"}, {Path: "/b", Mode: fs.ModeSymlink, Content: "a"}}}}) {
		assert.NotContains(t, line, ": syscall ")
	}
}

func TestExplainShowsTheStepsAndMakesNone(t *testing.T) {
	text := strings.Join(Explain(Program{Path: "/x", Dir: "/nonexistent", Root: &Root{Layers: []Layer{{Path: "/nonexistent"}}}}), "\n")
	for _, want := range []string{"lowerdir=/layer0:/base", `enter /nonexistent: chdir("/nonexistent")`, `execute /x: execve("/x"`} {
		assert.Contains(t, text, want)
	}
}

func TestExplainShowsBothWaysIntoGroups(t *testing.T) {
	text := strings.Join(Explain(Program{Path: "/x"}), "\n")
	for _, want := range []string{
		`keep a descriptor: dup3(1, 101, 524288) [each group, if all are of version 1]`,
		`send admit: sendto(100, 8 bytes, 8, 16384, 0, 0) [if a group is of version 2]`,
		`enter a control group: write(101, "0", 1) [each group, if all are of version 1]`,
		`await admitted: recvfrom(100, 16 bytes, 16, 0, 0, 0) [if a group is of version 2]`,
	} {
		assert.Contains(t, text, want)
	}
	for name := range someRuns {
		assert.Contains(t, text, "  "+name+": ")
	}
}
