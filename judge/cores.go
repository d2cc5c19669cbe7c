package judge

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// DefaultJobs is how many runs a Batch makes at one time if it is not told: as many as there are physical
// cores that this process may use, at most as many as its group's share of CPU time pays for. Two programs on
// the threads of one core would take from each other, and be charged for it: a verdict would depend on the
// neighbour.
func DefaultJobs() int {
	jobs := runtime.GOMAXPROCS(0) // knows the group's share
	if cores, err := ownCores(); err == nil {
		jobs = min(jobs, len(cores))
	}
	return max(1, jobs)
}

// anyCPU is no CPU's number.
const anyCPU = -1

// home returns the CPU of the worker that does the runs of slot i, if there is one for each slot and none besides; else
// anyCPU. The scheduler would move workers and programs back and forth, and leave a CPU idle while two programs are on
// another: 3 % fewer runs per second, with two slots on two CPUs.
func home(i, slots int, usable []int) int {
	if slots != len(usable) || slots == 1 {
		return anyCPU
	}
	return usable[i]
}

// ownCores returns a CPU of each physical core that this process may use.
func ownCores() ([]int, error) {
	usable, err := usableCPUs()
	if err != nil {
		return nil, err
	}
	return physicalCores(os.DirFS("/sys/devices/system/cpu"), usable)
}

// physicalCores returns a CPU of each physical core, of those CPUs that we may use, in ascending order: a
// run on each then shares its core with no other. system is /sys/devices/system/cpu. The siblings that
// a core's CPUs are to one another are in cpuN/topology/core_cpus_list, before Linux 5.3 in
// thread_siblings_list.
func physicalCores(system fs.FS, usable []int) ([]int, error) {
	var cores []int
	taken := map[int]bool{}
	for _, cpu := range usable {
		if taken[cpu] {
			continue
		}
		siblings, err := siblingsOf(system, cpu)
		if err != nil {
			return nil, err
		}
		for _, other := range siblings {
			taken[other] = true
		}
		cores = append(cores, cpu)
	}
	return cores, nil
}

// siblingsOf returns the CPUs of a CPU's core, itself included.
func siblingsOf(system fs.FS, cpu int) ([]int, error) {
	var list []byte
	var err error
	for _, file := range []string{"core_cpus_list", "thread_siblings_list"} {
		if list, err = fs.ReadFile(system, fmt.Sprintf("cpu%d/topology/%s", cpu, file)); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("siblings of CPU %d: %w", cpu, err)
	}
	siblings, err := parseCPUs(strings.TrimSpace(string(list)))
	if err != nil || !slices.Contains(siblings, cpu) {
		return nil, fmt.Errorf("siblings of CPU %d: %q is not a list with it", cpu, list)
	}
	return siblings, nil
}

// parseCPUs reads a list of CPUs as the kernel writes it: "0-3,8".
func parseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		const most = 1 << 16 // more than any kernel is built for
		if err != nil || first < 0 || last < first || last > most {
			return nil, fmt.Errorf("CPUs %q: want a list such as 0-3,8", list)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}
