package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// bundle makes an OCI bundle, and returns the call that runs it: what is given, the bundle's directory and a
// container's name.
func bundle(tool string, call ...string) func(dir string) ([]string, error) {
	return func(dir string) ([]string, error) {
		text, err := json.Marshal(ociConfig(dir))
		if err != nil {
			return nil, err
		}
		at := dir + "-bundle"
		if err := os.MkdirAll(at, 0o755); err != nil {
			return nil, err
		}
		name := tool + "-" + filepath.Base(filepath.Dir(dir))
		return append(call, at, name), os.WriteFile(filepath.Join(at, "config.json"), text, 0o644)
	}
}

// ociConfig is a container with what a judged run has, as far as a runtime can give it.
func ociConfig(root string) map[string]any {
	type object = map[string]any
	mount := func(kind, target string, options ...string) object {
		return object{"destination": target, "type": kind, "source": kind, "options": options}
	}
	var namespaces []object
	for _, kind := range []string{"pid", "mount", "ipc", "network", "uts"} {
		namespaces = append(namespaces, object{"type": kind})
	}
	return object{
		"ociVersion": "1.0.2",
		"process": object{
			"user": object{"uid": 1000, "gid": 1000}, "args": []string{"/tiny"}, "cwd": "/", "noNewPrivileges": true,
		},
		"root":     object{"path": root, "readonly": true},
		"hostname": "bench",
		"mounts": []object{
			mount("proc", "/proc"),
			mount("tmpfs", "/dev", "nosuid", "strictatime", "mode=755", "size=65536k"),
			mount("tmpfs", "/tmp", "nosuid", "nodev", "size=65536k"),
			mount("tmpfs", "/work", "nosuid", "nodev", "size=65536k"),
		},
		"linux": object{
			"namespaces": namespaces,
			"resources":  object{"memory": object{"limit": 256 << 20}, "pids": object{"limit": 64}},
			"seccomp": object{
				"defaultAction": "SCMP_ACT_ALLOW",
				"syscalls": []object{{
					"names":  []string{"bpf", "keyctl", "add_key", "userfaultfd", "perf_event_open", "io_uring_setup", "kexec_load"},
					"action": "SCMP_ACT_ERRNO",
				}},
			},
		},
	}
}
