package policy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

var restrictions = []struct {
	name  string
	r     Restriction
	needs int
}{
	{"nothing", Restriction{}, 0},
	{"no reading", Restriction{Read: []string{}}, 2},
	{"reading", Restriction{Read: []string{"/usr", "/lib"}}, 2},
	{"executing", Restriction{Execute: []string{"/usr"}}, 2},
	{"writing", Restriction{Write: []string{"/work"}}, 3},
	{"ports to listen on", Restriction{Bind: []uint16{80}}, 4},
	{"no connecting", Restriction{Connect: []uint16{}}, 4},
	{"everything", Restriction{
		Read: []string{"/"}, Write: []string{"/work"}, Execute: []string{"/usr"}, Bind: []uint16{80}, Connect: []uint16{443},
	}, 4},
}

// The invariant: what the full plan allows the downgraded one does too, and it refuses nothing that the
// full one does not; from the needed version on they are equal.
func TestRestrictionByVersion(t *testing.T) {
	for _, row := range restrictions {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.needs, row.r.Needs())
			full := row.r.full()
			for abi := range 12 {
				got := row.r.Plan(abi)
				if abi >= row.needs {
					assert.Equal(t, full, got, "abi %d", abi)
					continue
				}
				assert.NotEqual(t, full.Rights, got.Rights, "abi %d", abi)
				assert.Zero(t, got.Rights.FS&^full.Rights.FS, "abi %d", abi)
				assert.Zero(t, got.Rights.Net&^full.Rights.Net, "abi %d", abi)
				for _, rule := range full.Paths {
					rule.Access &= got.Rights.FS
					if rule.Access != 0 {
						assert.Contains(t, got.Paths, rule, "abi %d", abi)
					}
				}
				for _, rule := range full.Ports {
					if rule.Access&got.Rights.Net != 0 {
						assert.Contains(t, got.Ports, rule, "abi %d", abi)
					}
				}
			}
		})
	}
}

// A kind that is not restricted stays as it is, renames between directories included: these every
// domain refuses that does not allow them.
func TestRestrictionLeavesOtherKindsAlone(t *testing.T) {
	const refer = unix.LANDLOCK_ACCESS_FS_REFER
	for _, row := range restrictions {
		t.Run(row.name, func(t *testing.T) {
			p := row.r.full()
			assert.Equal(t, row.r.Read != nil, p.Rights.FS&listAccess != 0)
			assert.Equal(t, row.r.Write != nil, p.Rights.FS&(changeAccess&^refer) != 0)
			assert.Equal(t, row.r.Execute != nil, p.Rights.FS&executeAccess != 0)
			assert.Equal(t, row.r.Bind != nil, p.Rights.Net&unix.LANDLOCK_ACCESS_NET_BIND_TCP != 0)
			assert.Equal(t, row.r.Connect != nil, p.Rights.Net&unix.LANDLOCK_ACCESS_NET_CONNECT_TCP != 0)
			if row.needs > 0 && row.r.Write == nil {
				assert.Contains(t, p.Paths, PathRule{"/", refer})
			}
		})
	}
}

func TestRuleOnAFileHasNoRightsToDirectories(t *testing.T) {
	for _, access := range []uint64{listAccess, changeAccess, executeAccess} {
		got := PathRule{"/f", access}.OnFile()
		assert.NotZero(t, got.Access)
		assert.Equal(t, access&fileAccess, got.Access)
	}
}
