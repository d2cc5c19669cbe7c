package isolate

import (
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"judge/isolate/internal/child"
	"judge/isolate/internal/handshake"
	"judge/isolate/internal/policy"
)

// rootSpec is a Root as the intermediate knows it: its mounts are attached at fixed places.
type rootSpec struct {
	Base   bool
	Moves  []string // toolchain directories that are mounts below toolchainDir
	Layers int      // attached at layerDir(i)
	Upper  bool     // attached at upperDir
	Size   int64
	Inodes int64
	Binds  []bindSpec // attached at bindDir(i)
	Tmpfs  []Tmpfs
	Create []entrySpec

	HookPivot, HookExec bool // the caller wants to be asked
	Network             Network
	Ports               []uint16 // TCP ports to connect to, with User
	Share               Share    // namespaces that are not made
	IDs                 IDs      // of the program

	OneID       bool   // init is the program's user, and in groups that nobody can leave
	CPUs        []byte // that we may run on, see anywhere
	SharedFiles bool   // some are those of other sandboxes, too; it may not lock them
}

type bindSpec struct {
	Target         string
	File, Writable bool
}

// inet tells whether programs may use TCP and UDP as they like.
func (s rootSpec) inet() bool { return s.Network == Loopback || s.Share.has(ShareNetwork) }

// Places in the intermediate's mount namespace, of which each init gets a copy. Its root is a
// small tmpfs.
const (
	baseDir      = "/base"    // lowest layer: a skeleton
	toolchainDir = "/mnt"     // the host's toolchain directories, to be moved onto the skeleton's
	devDir       = "/mnt/dev" // a complete /dev
	hostProcDir  = "/proc"    // must be visible for a new proc to be mounted (user_namespaces(7))
	scratchDir   = "/scratch" // a run's own tmpfs
	upperDir     = "/upper"   // or the Scratch that keeps what it writes
	newRoot      = "/new"
)

func layerDir(i int) string { return fmt.Sprintf("/layer%d", i) }
func bindDir(i int) string  { return fmt.Sprintf("/bind%d", i) }

// writable are the directories that belong to the program, beside /dev/shm.
var writable = []struct {
	path string
	mode int
}{{"/work", 0o755}, {"/tmp", 0o1777}}

const plainMount = unix.MS_NOSUID | unix.MS_NODEV

// initSteps returns what init does to get from its copy of the intermediate's namespace to the
// run's root. The run's socket is the given descriptor, and so are the tasks files that the program is to enter.
//
// The new root covers the old one, which nobody can uncover without the right to unmount. Who joins a mount namespace,
// its own too, has the uppermost mount as its root (setns(2)): as by chroot(2), which some containers' filters refuse.
// What that leaves open, directories that were open before and a second chroot, no program has. To pivot and to detach
// the old root would cost each run an RCU grace period, of 60 to 200 us while other CPUs are busy.
func initSteps(spec rootSpec, socket int, tasks ...int) []child.Step {
	steps := []child.Step{
		call("die with the intermediate", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, int(unix.SIGKILL)),
	}
	steps = append(steps, child.Descriptors(socket, tasks...)...)
	scratch := upperDir
	if !spec.Upper {
		scratch = scratchDir
		steps = append(steps, scratchSteps(spec)...)
	}
	steps = append(steps, overlayStep(spec, scratch))
	for _, dir := range spec.Moves {
		steps = append(steps, moveStep(toolchainDir+dir, dir))
	}
	steps = append(steps,
		moveStep(devDir, "/dev"),
		mountStep("on /dev/shm", scratch+"/upper/dev/shm", newRoot+"/dev/shm", "", unix.MS_BIND, ""),
		mountStep("proc on /proc", "proc", newRoot+"/proc", "proc",
			plainMount|unix.MS_NOEXEC|unix.MS_RDONLY, "hidepid=invisible"),
	)
	for _, t := range spec.Tmpfs {
		options := fmt.Sprintf("size=%d,nr_inodes=%d,mode=1777", t.Size, t.Inodes+1) // its root is one
		steps = append(steps, mountStep("tmpfs on "+t.Target, "tmpfs", newRoot+t.Target, "tmpfs", plainMount, options))
	}
	for i, b := range spec.Binds {
		steps = append(steps, moveStep(bindDir(i), b.Target))
	}
	if spec.HookPivot {
		steps = append(steps, hookSteps(beforePivot)...)
	}
	return append(steps,
		call("enter the new root", unix.SYS_CHDIR, newRoot),
		call("cover / with it", unix.SYS_MOUNT, ".", "/", "", unix.MS_MOVE, ""),
		call("change the root", unix.SYS_SETNS, child.Pidfd, unix.CLONE_NEWNS))
}

// scratchSteps makes the run's own writable layer. The skeleton of it is not charged to the run.
func scratchSteps(spec rootSpec) []child.Step {
	dirs := scratchDirs(spec)
	steps := []child.Step{mountStep("the writable layer", "tmpfs", scratchDir, "tmpfs", plainMount, scratchOptions(spec, len(dirs)))}
	for _, d := range dirs {
		p := scratchDir + d.path
		if d.entry != nil {
			steps = append(steps, d.entry.steps(p, spec.OneID)...)
			continue
		}
		if d.file {
			steps = append(steps, call("make "+p, unix.SYS_MKNODAT, unix.AT_FDCWD, p, unix.S_IFREG|d.mode, 0))
			continue
		}
		steps = append(steps, call("make "+p, unix.SYS_MKDIRAT, unix.AT_FDCWD, p, d.mode&0o777))
		if d.mode > 0o777 {
			steps = append(steps, call("open "+p+" to all", unix.SYS_FCHMODAT, unix.AT_FDCWD, p, d.mode))
		}
		if d.owned {
			steps = append(steps, call("give "+p+" to the program", unix.SYS_FCHOWNAT, unix.AT_FDCWD, p, int(spec.IDs.user()), int(spec.IDs.group()), 0))
		}
	}
	return steps
}

// scratchOptions are the mount options of a writable layer. The directories that it begins with, its root,
// and what overlayfs makes in its work directory are not the program's.
func scratchOptions(spec rootSpec, dirs int) string {
	const overlayOwn = 8
	size := spec.Size
	for _, e := range spec.Create {
		size += e.bytes()
	}
	return fmt.Sprintf("size=%d,nr_inodes=%d,mode=755", size, spec.Inodes+int64(dirs)+overlayOwn)
}

// scratchEntry is a directory, or an empty file, of a writable layer.
type scratchEntry struct {
	path  string
	mode  int
	owned bool // by the program
	file  bool
	entry *entrySpec // nil: nobody asked for it
}

// scratchDirs lists the directories that a writable layer begins with: the upper and work
// directories of the overlay, and in the upper one what the program may write to, mount points
// that the layers may lack, and the targets of binds.
func scratchDirs(spec rootSpec) []scratchEntry {
	dirs := []scratchEntry{{path: "/upper", mode: 0o755}, {path: "/work", mode: 0o755},
		{path: "/upper/dev", mode: 0o755}, {path: "/upper/dev/shm", mode: 0o1777}}
	for _, w := range writable {
		dirs = append(dirs, scratchEntry{path: "/upper" + w.path, mode: w.mode, owned: true})
	}
	made := map[string]bool{"/work": true, "/tmp": true, "/dev": true, "/dev/shm": true, "/": true}
	add := func(dir string) {
		var missing []string
		for d := dir; !made[d]; d = path.Dir(d) {
			made[d] = true
			missing = append(missing, d)
		}
		for i := range missing {
			dirs = append(dirs, scratchEntry{path: "/upper" + missing[len(missing)-1-i], mode: 0o755})
		}
	}
	if !spec.Base {
		add("/proc")
	}
	for _, e := range spec.Create {
		add(path.Dir(e.Path))
		made[e.Path] = true
		dirs = append(dirs, scratchEntry{path: "/upper" + e.Path, entry: &e})
	}
	for _, t := range spec.Tmpfs {
		add(t.Target)
	}
	for _, b := range spec.Binds {
		if !b.File {
			add(b.Target)
		} else {
			add(path.Dir(b.Target))
			dirs = append(dirs, scratchEntry{path: "/upper" + b.Target, mode: 0o444, file: true})
		}
	}
	return dirs
}

// overlayStep puts the layers together. The mount belongs to the slot's user namespace, hence
// userxattr (overlayfs, Linux 5.11).
func overlayStep(spec rootSpec, scratch string) child.Step {
	var lower []string
	for i := spec.Layers - 1; i >= 0; i-- {
		lower = append(lower, layerDir(i))
	}
	if spec.Base {
		lower = append(lower, baseDir)
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work,userxattr", strings.Join(lower, ":"), scratch, scratch)
	return mountStep("overlay on /", "overlay", newRoot, "overlay", plainMount, options)
}

// programSteps returns what the program does up to the gate: it gives up every right.
//
// While the parent puts it into groups, it does what takes time and no groups. Or it enters groups itself, by so many tasks files that init has kept. The cgroup
// namespace that it then makes has the groups as its roots, so /proc/self/cgroup says nothing of the host.
func programSteps(spec rootSpec, a admission, tasks int) ([]child.Step, error) {
	user, group := int(spec.IDs.user()), int(spec.IDs.group())
	steps := []child.Step{call("start a session", unix.SYS_SETSID)}
	if a == withAdmission {
		steps = append(steps, child.Tell(handshake.Message{Kind: handshake.Admit}))
	}
	steps = append(steps, landlockSteps(spec)...)
	steps = append(steps, enterSteps(tasks)...)
	if a == withAdmission {
		steps = append(steps, child.Await(handshake.Admitted))
	}
	if a == withAdmission || tasks > 0 {
		steps = append(steps, call("make a cgroup namespace", unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP))
	}
	steps = append(steps, anywhere(spec)...)
	if !spec.OneID {
		steps = append(steps, groupsStep(spec.IDs.Groups))
	}
	steps = append(steps,
		call("set group id", unix.SYS_SETRESGID, group, group, group),
		call("set user id", unix.SYS_SETRESUID, user, user, user),
		dropCapabilities(),
	)
	walls, err := wallSteps(spec)
	steps = append(steps, walls...)
	if spec.HookExec {
		steps = append(steps, hookSteps(beforeExec)...)
	}
	return steps, err
}

// enterSteps puts the program into control groups of version 1, by the tasks files that follow the socket. For the one
// thread that writes "0" the kernel needs no lock over all forks of the host, and so no RCU grace period, which
// takes 10 ms after a pause (cgroup_procs_write_start, Linux 5.5).
func enterSteps(tasks int) (steps []child.Step) {
	if tasks == 0 {
		return nil
	}
	for i := range tasks {
		enter := call("enter a control group", unix.SYS_WRITE, child.Socket+1+i, "0", 1)
		enter.Want = 1 + 1
		steps = append(steps, enter)
	}
	return append(steps, call("close the control groups", unix.SYS_CLOSE_RANGE, child.Socket+1, child.Socket+tasks, 0))
}

// groupsStep leaves all groups but those given.
func groupsStep(groups []uint32) child.Step {
	if len(groups) == 0 {
		return call("leave all groups", unix.SYS_SETGROUPS, 0, 0)
	}
	list := make([]byte, 0, 4*len(groups))
	for _, g := range groups {
		list = binary.LittleEndian.AppendUint32(list, g)
	}
	return call(fmt.Sprintf("be in groups %d", groups), unix.SYS_SETGROUPS, len(groups), list)
}

// Names of the hooks, as messages and errors have them.
const (
	beforePivot = "before-pivot"
	beforeExec  = "before-exec"
)

// hookSteps lets the parent run a hook.
func hookSteps(name string) []child.Step {
	return []child.Step{
		child.Tell(handshake.Message{Kind: handshake.Hooks, Args: [][]byte{[]byte(name)}}),
		child.Await(handshake.HooksDone),
	}
}

// afterSteps returns what init does once the program is cloned: it needs no rights any more.
func afterSteps(spec rootSpec) []child.Step {
	return append(anywhere(spec),
		call("enter /", unix.SYS_CHDIR, "/"),
		call("close descriptors", unix.SYS_CLOSE_RANGE, 0, child.Socket-1, 0),
		call("close descriptors", unix.SYS_CLOSE_RANGE, child.Socket+1, 1<<32-1, 0),
		dropCapabilities())
}

func dropCapabilities() child.Step {
	header := make([]byte, 8)
	binary.LittleEndian.PutUint32(header, unix.LINUX_CAPABILITY_VERSION_3)
	return call("drop all capabilities", unix.SYS_CAPSET, header, make([]byte, 24))
}

// releaseSteps returns what the program does once the gate is open, up to execve.
func releaseSteps(p Program) []child.Step {
	var steps []child.Step
	if p.Terminal {
		steps = append(steps, call("take the terminal", unix.SYS_IOCTL, 0, unix.TIOCSCTTY, 0))
	}
	steps = append(steps, p.Landlock.steps(policy.ABI(), 3+len(p.Files))...)
	for _, r := range withStrict(p.Rlimits) {
		if r.Resource != unix.RLIMIT_CORE { // the slot has set it once and for all
			steps = append(steps, rlimitStep(r))
		}
	}
	dir := p.Dir
	if dir == "" {
		dir = "/"
	}
	steps = append(steps,
		call("enter "+dir, unix.SYS_CHDIR, dir),
		call("unblock signals", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, make([]byte, 8), 0, 8))
	return append(steps, execSteps(p)...)
}

func rlimitStep(r Rlimit) child.Step {
	limit := make([]byte, 16)
	binary.LittleEndian.PutUint64(limit, r.Soft)
	binary.LittleEndian.PutUint64(limit[8:], r.Hard)
	return call(fmt.Sprintf("set rlimit %d to %d, %d", r.Resource, r.Soft, r.Hard), unix.SYS_PRLIMIT64, 0, r.Resource, limit, 0)
}

// Names of the steps by which a failed execve is told apart.
const (
	execStep        = "execute"
	findStep        = "find"
	interpreterStep = "find the interpreter of"
)

// execSteps executes the program: where its path leads, or in each directory of PATH if it is a bare
// name, as execvp(3) does. When nothing could be executed, the steps that follow find out why: it is
// there and may not be executed, it is there and what it needs to run is not, or it is not there.
func execSteps(p Program) []child.Step {
	args := p.Args
	if len(args) == 0 {
		args = []string{p.Path}
	}
	var files []string
	if strings.Contains(p.Path, "/") {
		files = []string{p.Path}
	} else {
		for _, dir := range strings.Split(lookup(p.Env, "PATH"), ":") {
			if strings.HasPrefix(dir, "/") {
				files = append(files, path.Join(dir, p.Path))
			}
		}
	}
	var steps []child.Step
	add := func(want int, name string, nr uintptr, args ...any) {
		s := call(name, nr, args...)
		s.Want = want
		steps = append(steps, s)
	}
	for _, want := range []int{child.MayBeForbidden, child.MayBeMissing} {
		for _, f := range files {
			add(want, execStep+" "+f, unix.SYS_EXECVE, f, args, p.Env)
		}
	}
	for _, f := range files {
		add(child.MustBeMissing, interpreterStep+" "+f, unix.SYS_FACCESSAT, unix.AT_FDCWD, f, 0)
	}
	if len(files) != 1 {
		return append(steps, call(findStep+" "+p.Path, unix.SYS_FACCESSAT, unix.AT_FDCWD, "", 0))
	}
	return append(steps, call(findStep+" "+p.Path, unix.SYS_FACCESSAT, unix.AT_FDCWD, p.Path, 0))
}

// lookup returns the last value of a variable, as execve's callers see it.
func lookup(env []string, key string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], key+"="); ok {
			return v
		}
	}
	return ""
}

func call(name string, nr uintptr, args ...any) child.Step {
	return child.Step{Name: name, Call: nr, Args: args}
}

func mountStep(what, source, target, fstype string, flags int, options string) child.Step {
	return call("mount "+what, unix.SYS_MOUNT, source, target, fstype, flags, options)
}

func moveStep(from, to string) child.Step {
	return call("mount on "+to, unix.SYS_MOUNT, from, newRoot+to, "", unix.MS_MOVE, "")
}
