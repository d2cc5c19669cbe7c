package limits_test

import (
	"fmt"
	"os/exec"
	"syscall"

	"judge/limits"
)

// A process is admitted while it waits at its gate, so that what it did before does not count.
func Example() {
	host, err := limits.Open(limits.Options{})
	if err != nil {
		fmt.Println("start as root, or:", err)
		return
	}
	defer host.Close()

	group, err := host.NewGroup() // ahead of the run
	if err != nil {
		fmt.Println(err)
		return
	}
	defer group.Close()

	program := exec.Command("sh", "-c", "read gate; while :; do :; done")
	gate, _ := program.StdinPipe()
	if err := program.Start(); err != nil {
		fmt.Println(err)
		return
	}
	pid := program.Process.Pid
	err = group.Admit(pid)
	if err == nil {
		err = group.Limit(limits.Limits{CPU: 50e6, Memory: 16 << 20, Processes: 4})
	}
	if err == nil {
		err = group.Start(pid)
	}
	if err != nil {
		fmt.Println(err)
	}
	group.Watch(func(limits.Alarm) { _ = syscall.Kill(pid, syscall.SIGKILL) })
	fmt.Fprintln(gate)
	_ = program.Wait()

	usage, err := group.Usage()
	fmt.Println(usage.CPU > 50e6, usage.OOM, err)
}

func ExampleParseSize() {
	fmt.Println(limits.ParseSize("64 kB"))
	fmt.Println(limits.ParseSize("12 potatoes"))
	// Output:
	// 64000 <nil>
	// 0 size "12 potatoes": want a number and a unit such as "256MiB"
}
