package judge

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// topology is /sys/devices/system/cpu with these siblings of CPU 0, 1, and so on.
func topology(file string, siblings ...string) fstest.MapFS {
	system := fstest.MapFS{}
	for cpu, list := range siblings {
		system[fmt.Sprintf("cpu%d/topology/%s", cpu, file)] = &fstest.MapFile{Data: []byte(list + "\n")}
	}
	return system
}

func TestWorkersStayWhereThereIsOneCPUForEach(t *testing.T) {
	cases := []struct {
		name   string
		slots  int
		usable []int
		want   []int
	}{
		{"as many", 3, []int{0, 2, 5}, []int{0, 2, 5}},
		{"one CPU", 1, []int{4}, []int{anyCPU}},
		{"CPUs besides", 2, []int{0, 1, 2}, []int{anyCPU, anyCPU}},
		{"more slots", 3, []int{0, 1}, []int{anyCPU, anyCPU, anyCPU}},
		{"nobody knows", 2, nil, []int{anyCPU, anyCPU}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []int
			for i := range c.slots {
				got = append(got, home(i, c.slots, c.usable))
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestPhysicalCores(t *testing.T) {
	const now, before = "core_cpus_list", "thread_siblings_list"
	cases := []struct {
		name   string
		system fstest.MapFS
		usable []int
		want   []int
	}{
		{"a virtual machine without siblings", topology(now, "0", "1"), []int{0, 1}, []int{0, 1}},
		{"siblings side by side", topology(now, "0-1", "0-1", "2-3", "2-3"), []int{0, 1, 2, 3}, []int{0, 2}},
		{"siblings far apart", topology(now, "0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"), []int{0, 1, 2, 3, 4, 5, 6, 7}, []int{0, 1, 2, 3}},
		{"four threads a core", topology(before, "0-3", "0-3", "0-3", "0-3", "4-7", "4-7", "4-7", "4-7"), []int{0, 1, 2, 3, 4, 5, 6, 7}, []int{0, 4}},
		{"fast cores with siblings, slow ones without", topology(now, "0-1", "0-1", "2", "3"), []int{0, 1, 2, 3}, []int{0, 2, 3}},
		{"not all are ours", topology(now, "0,2", "1,3", "0,2", "1,3"), []int{1, 2, 3}, []int{1, 2}},
		{"an old kernel", topology(before, "0-1", "0-1"), []int{0, 1}, []int{0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := physicalCores(c.system, c.usable)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestOddTopologies(t *testing.T) {
	for _, list := range []string{"", "x", "0-", "1", "1-0", "-1", "0-99999999999", "0,,1"} {
		_, err := physicalCores(topology("core_cpus_list", list), []int{0})
		assert.ErrorContains(t, err, "siblings of CPU 0", "%q", list)
	}
	_, err := physicalCores(fstest.MapFS{}, []int{0})
	assert.ErrorContains(t, err, "siblings of CPU 0")
}
