package gojudge

import "encoding/json"

// quoted is a string as JSON has it.
func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// shell is a request for one shell command, with more fields of the command.
func shell(script, more string) string {
	return `{"cmd":[{"args":["/bin/sh","-c",` + quoted(script) + `],"env":["PATH=/usr/bin:/bin"],
		"files":[{"content":""},{"name":"stdout","max":10240},{"name":"stderr","max":10240}],
		"cpuLimit":10000000000,"memoryLimit":104857600,"procLimit":50` + more + `}]}`
}

// zeros reads zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
