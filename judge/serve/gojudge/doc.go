// Package gojudge lets a site that talks to go-judge over HTTP talk to judge instead:
//
//	POST   /run          run one command, or several with pipes between them
//	GET    /file         the caller's stored files: {"<fileId>": "<name>"}
//	POST   /file         store a file (multipart form, field "file"): "<fileId>"
//	GET    /file/{id}    its content
//	DELETE /file/{id}    forget it
//	GET    /version      what this is, and which optional features it has
//	GET    /config       the same features, and the limits of this door
//
// Requests and answers have the fields of go-judge's public documents. Each field of a request is either
// mapped to what judge has, or the request is refused as a whole with status 400 and an error that names the
// field, as in "cmd[0].cpuRateLimit: a rate cannot be held here: want cpuLimit and clockLimit". Nothing is left
// out silently; an unknown field is refused as well.
//
// The front accepts and checks a request (Handler), and submits it as a command job. A worker executes it
// (Runner): each command in a sandbox of its own, with everything in force that a submission's run has, all of
// a request at the same time.
//
//	client ──POST /run──> Handler ──Command──> queue ──Command──> Runner ──> sandboxes
//	                         │                                       │
//	                         └───────────────> Files <───────────────┘
//
// # What is different
//
//   - Each command gets a fresh root; nothing of an earlier request is left in /w, in /tmp or in memory.
//   - A limit that is not given has a default (see the Default constants), and one that is larger than a maximum
//     is refused. clockLimit is at least cpuLimit; without one it is twice cpuLimit and a second.
//   - Output over a collector's max ends the program at once, and output of any length is read and thrown away
//     up to there: a collector costs no more than its max, whether it says pipe or not.
//   - /w is a link to /work, which is what getcwd(2) says.
//   - A bare name in args[0] is what copyIn has put into /w, or else is looked up in the PATH of env.
//   - The user of the program is not the owner of what copyIn has made, but may read, write, execute, rename and
//     remove it.
//   - copyOut follows no symbolic link and takes nothing but regular files below /w.
//   - src, streamIn, streamOut, copyOutDir, cpuRateLimit and cpuRate are refused, and there is no WebSocket.
//   - An error is a problem document (RFC 9457).
//   - Stored files belong to the token that stored them, and expire after KeepFiles.
package gojudge
