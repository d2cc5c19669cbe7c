package isolate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded returns a file as a host had it.
func recorded(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/ids/" + name)
	require.NoError(t, err)
	return string(b)
}

const whole = "         0          0 4294967295\n"

func TestStrongestMappingIsPlanned(t *testing.T) {
	user := account{own: id{1000, 1001}, name: "user", uidMap: whole, gidMap: whole}
	with := func(change func(*account)) account {
		a := user
		change(&a)
		return a
	}
	for _, row := range []struct {
		name    string
		account account
		want    mapping
		ids     string // as Mechanisms says it
	}{
		{"root", account{maySetIDs: true, uidMap: whole, gidMap: whole},
			mapping{by: byWriting, users: idRange{firstID, 2 * pidMax}, groups: idRange{firstID, 2 * pidMax}}, "own range"},
		{"root of a container", account{maySetIDs: true, uidMap: recorded(t, "container"), gidMap: recorded(t, "container")},
			mapping{by: byWriting, users: idRange{32768, 32768}, groups: idRange{32768, 32768}}, "own range"},
		{"root of a container with few groups", account{maySetIDs: true, uidMap: recorded(t, "container"), gidMap: "0 1000 1\n1 100000 999\n"},
			mapping{reason: "our user namespace has 499 free ids, too few to give each sandbox its own"},
			"one id: init shares the program's user id (our user namespace has 499 free ids, too few to give each sandbox its own)"},
		{"user with a range", with(func(a *account) { a.subuid, a.subgid = recorded(t, "subuid"), recorded(t, "subgid") }),
			mapping{by: byHelpers, own: user.own, users: idRange{169632, 61440}, groups: idRange{304096, 126976},
				spare: idRanges{idRange{165536, 4096}, idRange{300000, 4096}}}, "subordinate ids"},
		{"user known by number", with(func(a *account) { a.subuid, a.subgid = "1000:7000000:65536", "1000:8000000:65536" }),
			mapping{by: byHelpers, own: user.own, users: idRange{7004096, 61440}, groups: idRange{8004096, 61440},
				spare: idRanges{idRange{7000000, 4096}, idRange{8000000, 4096}}}, "subordinate ids"},
		{"no files", user, mapping{own: user.own, reason: `/etc/subuid has no line for user "user": add "user:100000:65536"`},
			`one id: init shares the program's user id (/etc/subuid has no line for user "user": add "user:100000:65536")`},
		{"no line among others", with(func(a *account) { a.name, a.own.UID = "late", 1005; a.subuid = recorded(t, "subuid") }),
			mapping{own: id{1005, 1001}, reason: `/etc/subuid has no line for user "late": add "late:231072:65536"`}, ""},
		{"no line for groups", with(func(a *account) { a.subuid = recorded(t, "subuid") }),
			mapping{own: user.own, reason: `/etc/subgid has no line for user "user": add "user:100000:65536"`}, ""},
		{"range too short", with(func(a *account) { a.subuid = "user:100000:10\n" }),
			mapping{own: user.own, reason: `/etc/subuid has 10 ids for user "user", too few to give each sandbox its own: add "user:100010:65536"`}, ""},
		{"user without a name", with(func(a *account) { a.name = "" }),
			mapping{own: user.own, reason: "user 1000 has no line in /etc/passwd, without which newuidmap refuses to work"}, ""},
		{"no helpers", with(func(a *account) { a.helpers = errors.New("newuidmap is not installed") }),
			mapping{own: user.own, reason: "newuidmap is not installed"}, ""},
		{"garbage", with(func(a *account) { a.subuid = "user:x:65536\nuser:1\nuser:1:-1\n\n:::\n" }),
			mapping{own: user.own, reason: `/etc/subuid has no line for user "user": add "user:100000:65536"`}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := planMapping(row.account)
			if got.by == byOneID {
				got.users, got.groups, got.spare = idRange{}, idRange{}, idRanges{}
			}
			assert.Equal(t, row.want, got)
			if row.ids != "" {
				assert.Equal(t, row.ids, got.String())
			}
		})
	}
}

func TestSlotsThatLiveTogetherDifferInAllIDs(t *testing.T) {
	for _, m := range []mapping{
		{by: byWriting, users: idRange{firstID, 2 * pidMax}, groups: idRange{firstID, 2 * pidMax}},
		{by: byHelpers, users: idRange{100000, 65536}, groups: idRange{300000, 65535}},
	} {
		seen := map[uint32]bool{}
		for pid := 100; pid < 2000; pid++ {
			slot := m.slot(pid)
			for _, uid := range []uint32{slot.Init.UID, slot.Program.UID} {
				require.False(t, seen[uid], "user %d of pid %d was seen before", uid, pid)
				require.GreaterOrEqual(t, uint64(uid), m.users.first)
				require.Less(t, uint64(uid), m.users.first+m.users.size)
				seen[uid] = true
			}
			require.NotEqual(t, slot.Init.GID, slot.Program.GID)
			require.Less(t, uint64(slot.Program.GID), m.groups.first+m.groups.size)
		}
	}
	last := idRange{firstID, 2 * pidMax}.pair(pidMax - 1)
	assert.EqualValues(t, firstID+2*pidMax-2, last)
}

func TestLinesOfMaps(t *testing.T) {
	one := mapping{own: id{1000, 1001}}
	_, maps, err := one.slotMaps(7, IDs{})
	require.NoError(t, err)
	assert.Equal(t, "1000 1000 1\n", lines(maps.users))
	assert.Equal(t, "1000 1001 1\n", lines(maps.groups))
	assert.Equal(t, "1001 1001 1\n", lines(one.keeperMaps().groups))
	sub := mapping{by: byHelpers, own: id{1000, 1001}, users: idRange{100000, 65536}, groups: idRange{300000, 65536}}
	_, maps, err = sub.slotMaps(7, IDs{})
	require.NoError(t, err)
	assert.Equal(t, "0 100014 1\n1000 100015 1\n", lines(maps.users))
	assert.Equal(t, "0 300014 1\n1000 300015 1\n", lines(maps.groups))
	assert.Equal(t, "1000 1000 1\n100000 100000 65536\n", lines(sub.keeperMaps().users))
}

func TestHelperThatRefusesIsQuoted(t *testing.T) {
	err := runHelper("false", 1, nil, patience)
	var helper *helperError
	require.ErrorAs(t, err, &helper)
	assert.ErrorContains(t, err, "false 1: exit status 1")
}

func TestHelperThatStallsMeetsADeadline(t *testing.T) {
	script := filepath.Join(t.TempDir(), "newuidmap")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700))
	err := runHelper(script, 7, []extent{{0, 1000, 1}}, time.Millisecond)
	var helper *helperError
	require.ErrorAs(t, err, &helper)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, script+" 7 0 1000 1: not done in 1ms")
}
