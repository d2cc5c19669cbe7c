package isolate

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

func TestMissingNamespacesAreExplainedByWhatToType(t *testing.T) {
	const user = 1000
	for _, row := range []struct {
		name   string
		err    error
		uid    int
		sysctl map[string]string
		want   string
	}{
		{"switched off", unix.ENOSPC, user, map[string]string{"user.max_user_namespaces": "0"},
			`user namespaces are switched off: type "sudo sysctl user.max_user_namespaces=16384"`},
		{"too many", unix.ENOSPC, user, map[string]string{"user.max_user_namespaces": "10"},
			"there are as many namespaces as sysctl user.max_user_namespaces and its like allow"},
		{"switched off for users, as Debian can", unix.EPERM, user, map[string]string{"kernel.unprivileged_userns_clone": "0"},
			`user namespaces are switched off: type "sudo sysctl kernel.unprivileged_userns_clone=1"`},
		{"AppArmor, which refuses", unix.EACCES, user, map[string]string{"kernel.apparmor_restrict_unprivileged_userns": "1"},
			`AppArmor keeps users from user namespaces: type "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"`},
		{"AppArmor, which takes the capabilities away", errors.New("the intermediate reports: mount tmpfs: permission denied"), user,
			map[string]string{"kernel.apparmor_restrict_unprivileged_userns": "1", "kernel.unprivileged_userns_clone": "1"},
			`AppArmor keeps users from user namespaces: type "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"`},
		{"AppArmor does not restrict root", errors.New("mount tmpfs: no"), 0,
			map[string]string{"kernel.apparmor_restrict_unprivileged_userns": "1"}, ""},
		{"no such feature", unix.EINVAL, user, nil, "the kernel may be without namespaces (CONFIG_USER_NS)"},
		{"container", unix.EPERM, 0, nil,
			`user namespaces are refused; in a container its seccomp profile may do so: type "docker run --security-opt seccomp=unconfined"`},
		{"something else", unix.ENOENT, user, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, namespaceHint(row.err, row.uid, func(name string) string { return row.sysctl[name] }))
		})
	}
}
