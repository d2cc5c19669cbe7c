package judge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDisturbances(t *testing.T) {
	const ms = time.Millisecond
	busy := Facts{Wall: 1010 * ms, CPU: 1000 * ms}
	cases := []struct {
		name  string
		after hostState // a second after zeros
		facts Facts
		want  []string
	}{
		{"quiet", hostState{}, busy, nil},
		{"a little of everything", hostState{cpuStall: 99 * ms, memoryStall: 99 * ms, ioStall: 99 * ms, steal: 40 * ms, throttled: 9 * ms}, busy, nil},
		{"cpu", hostState{cpuStall: 100 * ms}, busy, []string{"cpu-pressure"}},
		{"memory", hostState{memoryStall: 200 * ms}, busy, []string{"memory-pressure"}},
		{"disk", hostState{ioStall: 200 * ms}, busy, []string{"io-pressure"}},
		{"steal", hostState{steal: 50 * ms}, busy, []string{"steal"}},
		{"throttled", hostState{throttled: 30 * ms}, busy, []string{"throttled"}},
		{"several", hostState{cpuStall: time.Second, steal: time.Second}, busy, []string{"cpu-pressure", "steal"}},
		{"the clock went on", hostState{}, Facts{Wall: 1000 * ms, CPU: 700 * ms, Waits: 3}, []string{"wall"}},
		{"the cause is known", hostState{steal: 300 * ms}, Facts{Wall: 1000 * ms, CPU: 700 * ms}, []string{"steal"}},
		{"it read much", hostState{}, Facts{Wall: 1000 * ms, CPU: 700 * ms, Waits: 500}, nil},
		{"it slept", hostState{}, Facts{Wall: 1000 * ms, CPU: 10 * ms, Waits: 1}, nil},
		{"threads", hostState{}, Facts{Wall: 500 * ms, CPU: 1000 * ms}, nil},
		{"short", hostState{}, Facts{Wall: 20 * ms, CPU: 5 * ms}, nil},
	}
	begin := time.Unix(1, 0)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.after.at = begin.Add(time.Second)
			assert.Equal(t, c.want, disturbances(hostState{at: begin}, c.after, c.facts))
		})
	}
}

func TestWhatIsShortDisturbsNothing(t *testing.T) {
	before, after := hostState{at: time.Unix(1, 0)}, hostState{at: time.Unix(1, 0).Add(time.Millisecond)}
	after.cpuStall, after.steal = time.Millisecond, 10*time.Millisecond
	assert.Empty(t, disturbances(before, after, Facts{}))
}

func TestHostCounters(t *testing.T) {
	const pressure = "some avg10=86.10 avg60=88.62 avg300=64.46 total=4463985757\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n"
	assert.Equal(t, 4463985757*time.Microsecond, stallOf(pressure))
	assert.Equal(t, 7350*time.Millisecond, stealOf("cpu  877204 145740 227077 1086105 3349 0 1223 735 0 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n"))
	assert.Equal(t, 1500*time.Microsecond, throttledOf("usage_usec 5\nnr_periods 3\nnr_throttled 1\nthrottled_usec 1500\n"))
	assert.Equal(t, 1500*time.Nanosecond, throttledOf("nr_periods 3\nnr_throttled 1\nthrottled_time 1500\n"))
	for _, odd := range []string{"", "\n\n", "some", "some total=x", "cpu", "cpu 1 2 3 4 5 6 7 x", "throttled_usec", "throttled_usec -"} {
		assert.Zero(t, stallOf(odd)+stealOf(odd)+throttledOf(odd), "%q", odd)
	}
}

func TestQuotaFiles(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"unified", "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.stat /sys/fs/cgroup/a/cpu.stat /sys/fs/cgroup/cpu.stat"},
		{"a namespace's root", "0::/\n", "/sys/fs/cgroup/cpu.stat"},
		{"v1", "4:memory:/m\n3:cpu,cpuacct:/a\n2:cpuset:/\n", "/sys/fs/cgroup/cpu,cpuacct/a/cpu.stat /sys/fs/cgroup/cpu,cpuacct/cpu.stat"},
		{"outside of the namespace", "0::/../x\n", "/sys/fs/cgroup/x/cpu.stat /sys/fs/cgroup/cpu.stat"},
		{"nothing", "\nx\n", ""},
	}
	for _, c := range cases {
		var got string
		for i, file := range quotaFiles(c.text) {
			if i > 0 {
				got += " "
			}
			got += file
		}
		assert.Equal(t, c.want, got, c.name)
	}
}
