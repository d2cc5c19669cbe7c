package main

import "runtime"

// withLazyCollector makes Go's collector wait until 16 MiB more than usual were allocated. It would begin whenever the
// heap has doubled, which for the few megabytes that judge keeps is every hundred runs and took a thirtieth of their
// CPU time. A larger GOGC would do the same to a worker's large heap. Nothing is ever written to the ballast, so it takes
// no memory.
func withLazyCollector(do func() int) int {
	ballast := make([]byte, 16<<20)
	status := do()
	runtime.KeepAlive(ballast)
	return status
}
