package main

// ballast makes Go's collector wait until 16 MiB more than it would have been allocated. It would begin whenever the heap
// has doubled, which for the few megabytes that judge keeps is every hundred runs and took a thirtieth of their CPU
// time. A larger GOGC would do the same to a worker's large heap. Nothing is ever written to it, so it takes no memory.
var ballast []byte

func delayCollector() { ballast = make([]byte, 16<<20) }
