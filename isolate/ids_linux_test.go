package isolate

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/fixtures/testenv"
)

func TestWhatIsMappedIsChecked(t *testing.T) {
	root := mapping{by: byWriting, users: idRange{firstID, 2 * pidMax}, groups: idRange{firstID, 2 * pidMax}}
	user := mapping{by: byHelpers, own: id{1000, 1000}, users: idRange{104096, 61440}, groups: idRange{304096, 61440},
		spare: idRanges{idRange{100000, 4096}, idRange{300000, 4096}}}
	short := mapping{by: byHelpers, own: id{1000, 1000}, users: idRange{100000, 4096}, groups: idRange{300000, 4096}}
	one := mapping{own: id{1000, 1001}, reason: "newuidmap is not installed"}
	users := func(maps ...IDMap) IDs { return IDs{UserMap: maps} }
	for _, row := range []struct {
		name    string
		mapping mapping
		who     IDs
		want    string // the lines of the users
		err     string
	}{
		{"nothing", root, IDs{}, "0 FIRST 1\n1000 NEXT 1\n", ""},
		{"another user inside", root, IDs{User: 5}, "0 FIRST 1\n5 NEXT 1\n", ""},
		{"one more", root, users(IDMap{5, 1000, 10}), "5 1000 10\n0 FIRST 1\n1000 NEXT 1\n", ""},
		{"the program's", root, users(IDMap{990, 5000, 20}), "990 5000 20\n0 FIRST 1\n", ""},
		{"root inside", root, users(IDMap{0, 1000, 1}), "", "map users 0 to 1000 of the host: 0 is the sandbox's own root"},
		{"root outside", root, users(IDMap{5, 0, 1}), "", "map users 5 to 0 of the host: a program cannot be root of the host"},
		{"root among others", root, users(IDMap{0, 0, 65536}), "", "map users 0-65535 to 0-65535 of the host: 0 is the sandbox's own root"},
		{"groups of root", root, IDs{GroupMap: []IDMap{{5, 0, 1}}}, "", "map groups 5 to 0 of the host: a program cannot be root of the host"},
		{"ids of another sandbox", root, users(IDMap{5, firstID + 7, 1}), "", "map users 5 to 1879048199 of the host: 1879048192-1887436799 are for sandboxes"},
		{"none", root, users(IDMap{5, 1000, 0}), "", "it is none"},
		{"no id", root, users(IDMap{5, 1<<32 - 2, 2}), "", "there are no ids above 4294967294"},
		{"twice inside", root, users(IDMap{5, 1000, 10}, IDMap{14, 2000, 1}), "", "map users 14 to 2000 of the host: some of them are mapped twice"},
		{"twice outside", root, users(IDMap{5, 1000, 10}, IDMap{50, 1009, 1}), "", "some of them are mapped twice"},
		{"group that is not mapped", root, IDs{Groups: []uint32{27}}, "", "group 27 of the program: no line of GroupMap has it"},
		{"root's group", root, IDs{Groups: []uint32{0}}, "", "group 0 of the program: no line of GroupMap has it"},
		{"spare ids", user, users(IDMap{5, 100000, 4096}), "5 100000 4096\n0 FIRST 1\n", ""},
		{"ids that are not set aside", user, users(IDMap{5, 99999, 2}), "", "of those in /etc/subuid and /etc/subgid, 100000-104095 are to spare"},
		{"its own id", user, users(IDMap{5, 1000, 1}), "", "100000-104095 are to spare"},
		{"too few to spare", short, users(IDMap{5, 200000, 1}), "", "there are none to spare: a line of /etc/subuid and /etc/subgid has to have 8192 or more"},
		{"one id", one, IDs{User: 7, Group: 8}, "7 1000 1\n", ""},
		{"one id and a map", one, users(IDMap{5, 1000, 1}), "", "map ids: there is only one: newuidmap is not installed"},
		{"one id and a group", one, IDs{Groups: []uint32{8}}, "", "map ids: there is only one: newuidmap is not installed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			const pid = 7
			own := row.mapping.slot(pid)
			slot, maps, err := row.mapping.slotMaps(pid, row.who)
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				return
			}
			require.NoError(t, err)
			want := strings.NewReplacer("FIRST", fmt.Sprint(own.Init.UID), "NEXT", fmt.Sprint(own.Program.UID)).Replace(row.want)
			assert.Equal(t, want, lines(maps.users))
			assert.Equal(t, own.Init, slot.Init)
		})
	}
	slot, _, err := root.slotMaps(7, users(IDMap{990, 5000, 20}))
	require.NoError(t, err)
	assert.EqualValues(t, 5010, slot.Program.UID, "to whom the directories of a Scratch are given")
	assert.Equal(t, root.slot(7).Program.GID, slot.Program.GID)
}

// inside is what a script prints in a sandbox of a configuration.
func inside(t *testing.T, c Config, root Root, script string) string {
	t.Helper()
	s, err := c.New()
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	return (&box{Sandbox: s, t: t, root: &root}).shell(script)
}

func TestProgramIsWhoItIsToldToBe(t *testing.T) {
	needSandbox(t)
	assert.Equal(t, "77 88 judge\n77 88\n", inside(t, Config{IDs: IDs{User: 77, Group: 88}}, Root{},
		"echo $(id -u) $(id -G) $(id -un); touch /work/x; stat -c '%u %g' /work/x"))
}

func TestMapsOfTheCallerAreInForce(t *testing.T) {
	needSandbox(t)
	testenv.NeedRoot(t, "to give files to another user")
	dir := hostDir(t, map[string]string{"secret": "of user 4242\n"})
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.Chown(dir+"/secret", 4242, 0))
	require.NoError(t, os.Chmod(dir+"/secret", 0o600))
	who := IDs{User: 5, Group: 6, Groups: []uint32{27, 28}, UserMap: []IDMap{{5, 4242, 1}}, GroupMap: []IDMap{{20, 4000, 10}}}
	c := Config{IDs: who}
	data := Root{Binds: []Bind{{Source: dir, Target: "/data"}}}
	assert.Equal(t, "5 6 27 28\nof user 4242\n", inside(t, c, data, "echo $(id -u) $(id -G); cat /data/secret"))
	assert.Equal(t, "refused\n", inside(t, Config{}, data, "cat /data/secret 2> /dev/null || echo refused"))
	assert.Contains(t, c.Mechanisms()["ids"], "user 5 is 4242 of the host")

	kept := newScratch(t, 1<<20, 100)
	assert.Equal(t, "kept\n", inside(t, c, Root{Upper: kept}, "echo kept > /work/file; cat /work/file"))
	assert.Equal(t, "kept\n", content(t, kept, "/work/file"))

	_, err := Config{IDs: IDs{UserMap: []IDMap{{5, 0, 1}}}}.New()
	assert.ErrorContains(t, err, "a program cannot be root of the host")
}

func TestUserIsToldWhyIDsCannotBeMapped(t *testing.T) {
	withOneID(t, func(t *testing.T) {
		_, err := Config{IDs: IDs{UserMap: []IDMap{{5, 1, 1}}}}.New()
		require.ErrorContains(t, err, "map ids: there is only one: ")
		assert.Equal(t, "77 88\n", inside(t, Config{IDs: IDs{User: 77, Group: 88}}, Root{}, "echo $(id -u) $(id -g)"))
	})
}
