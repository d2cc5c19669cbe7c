// Package piston lets a site that talks to Piston's API v2 talk to judge instead:
//
//	POST /api/v2/execute    compile and run a program, and wait for it
//	GET  /api/v2/runtimes   the languages of the workers that are there, with versions and aliases
//
// Requests and answers have the fields of Piston's public documents. A request becomes an ordinary job: a task of
// one test without a checker, and a submission. Its records become the answer. What is wrong with a request is
// said with status 400 and a JSON object whose message says it, which is a problem document (RFC 9457) as well.
//
// # What is different
//
//   - run_timeout and compile_timeout are at most MaxTimeout, and so are the CPU times; memory limits are from 1 MiB to
//     MaxMemory. A limit that is not given, 0 or -1 is the default; for compiling, what the language has.
//   - A stream of more than MaxOutput bytes ends the program: status OL or EL.
//   - output is stdout and then stderr: the two are different pipes, and nobody knows their common order.
//   - What a compiler prints is compile.stderr, on whichever stream.
//   - The version is that of the workers; all workers with the language must be of the versions that are asked
//     for, because a job is any worker's.
//   - In compiled languages the entry point of several files is main.*, or the only file with a main function.
//   - Packages cannot be installed, and there is no WebSocket.
package piston
