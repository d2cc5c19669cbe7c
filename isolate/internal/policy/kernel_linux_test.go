package policy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/fixtures/testenv"
)

func TestKernelEnforcesTheFilter(t *testing.T) {
	rows := []struct {
		name string
		call []int64
		want unix.Errno
	}{
		{"getppid", []int64{unix.SYS_GETPPID}, 0},
		{"mount", []int64{unix.SYS_MOUNT}, unix.EPERM},
		{"unshare nothing", []int64{unix.SYS_UNSHARE, 0}, unix.EPERM},
		{"clone3", []int64{unix.SYS_CLONE3}, unix.ENOSYS},
		{"clone a user namespace", []int64{unix.SYS_CLONE, unix.CLONE_NEWUSER}, unix.EPERM},
		{"bpf", []int64{unix.SYS_BPF}, unix.EPERM},
		{"io_uring_setup", []int64{unix.SYS_IO_URING_SETUP, 8}, unix.EPERM},
		{"add_key", []int64{unix.SYS_ADD_KEY}, unix.EPERM},
		{"memfd_secret", []int64{unix.SYS_MEMFD_SECRET}, unix.ENOSYS},
		{"unknown", []int64{1000}, unix.ENOSYS},
		{"x32 getpid", []int64{0x40000000 | 39}, unix.ENOSYS},
		{"vsock", []int64{unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM}, unix.EAFNOSUPPORT},
		{"netlink", []int64{unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW}, unix.EAFNOSUPPORT},
		{"unix socket, dirty upper half", []int64{unix.SYS_SOCKET, 7<<32 | unix.AF_UNIX, unix.SOCK_STREAM}, 0},
		{"typing on the terminal", []int64{unix.SYS_IOCTL, 0, 7<<32 | unix.TIOCSTI}, unix.EPERM},
		{"personality", []int64{unix.SYS_PERSONALITY, 0xffffffff}, 0},
		{"set real time", []int64{unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_FIFO}, unix.EPERM},
		{"lock of an open file", []int64{unix.SYS_FCNTL, 0, unix.F_OFD_SETLK}, unix.EINVAL},
		{"hint for a file", []int64{unix.SYS_FCNTL, 0, unix.F_SET_RW_HINT, 0}, unix.EINVAL},
		{"core limit", []int64{unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, 1}, unix.EPERM},
		{"lock of a file", []int64{unix.SYS_FLOCK, 0, unix.LOCK_UN}, unix.EOPNOTSUPP},
		{"lock of a record", []int64{unix.SYS_FCNTL, 0, unix.F_SETLKW}, unix.EOPNOTSUPP},
		{"lease", []int64{unix.SYS_FCNTL, 0, unix.F_SETLEASE, unix.F_RDLCK}, unix.EOPNOTSUPP},
		{"watch of a directory", []int64{unix.SYS_FCNTL, 0, unix.F_NOTIFY, 1}, unix.EOPNOTSUPP},
		{"huge pages", []int64{unix.SYS_MEMFD_CREATE, 0, unix.MFD_HUGETLB}, unix.ENOMEM},
		{"watch", []int64{unix.SYS_INOTIFY_ADD_WATCH, 0}, unix.ENOSYS},
		{"watcher of files", []int64{unix.SYS_INOTIFY_INIT1, 0}, unix.ENOSYS},
		{"pages merged with those of others", []int64{unix.SYS_MADVISE, 0, 0, unix.MADV_MERGEABLE}, unix.EINVAL},
		{"locked shared memory", []int64{unix.SYS_SHMCTL, 0, shmLock}, unix.EPERM},
		{"duplicate", []int64{unix.SYS_FCNTL, 1, unix.F_GETFD}, 0},
	}
	h := helper{Seccomp: &Seccomp{SharedFiles: true}}
	for _, row := range rows {
		h.Calls = append(h.Calls, row.call)
	}
	out, err := h.command().Output()
	require.NoError(t, err)
	lines := strings.Fields(string(out))
	require.Len(t, lines, len(rows))
	for i, row := range rows {
		assert.Equal(t, fmt.Sprint(int(row.want)), lines[i], row.name)
	}
}

func TestForbiddenCallKillsInModeKill(t *testing.T) {
	err := helper{Seccomp: &Seccomp{Mode: Kill}, Calls: [][]int64{{unix.SYS_GETPPID}, {unix.SYS_MOUNT}}}.command().Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, syscall.SIGSYS, exit.Sys().(syscall.WaitStatus).Signal())
}

func TestListenerHearsOfForbiddenCallsAlone(t *testing.T) {
	out, err := helper{Seccomp: &Seccomp{Mode: Notify}, Calls: [][]int64{
		{unix.SYS_GETPPID}, {unix.SYS_MOUNT}, {unix.SYS_CLONE3}, {unix.SYS_CLONE, unix.CLONE_NEWUSER}, {unix.SYS_SYNC},
	}}.command().Output()
	require.NoError(t, err)
	want := []any{0, "mount", int(unix.ENOANO), int(unix.ENOSYS), "clone", int(unix.ENOANO), int(unix.EPERM)}
	assert.Equal(t, fmt.Sprintln(want...), strings.Join(strings.Fields(string(out)), " ")+"\n")
}

// A 32-bit entry has other numbers: 20 is getpid, which is writev otherwise.
func TestInt80IsRefused(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		return // the others have no such entry
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		testenv.Skip(t, err)
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "a.c"), filepath.Join(dir, "a")
	text := `int main(void) { int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory"); return r == -38 ? 0 : 1; }`
	require.NoError(t, os.WriteFile(source, []byte(text), 0o644))
	out, err := exec.Command("gcc", "-o", binary, source).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.NoError(t, helper{Seccomp: &Seccomp{}, Exec: []string{binary}}.command().Run())
}

// toolchains are programs that say SAFE: compiled and run in an empty directory, with threads.
var toolchains = []struct {
	name   string
	needs  string
	source string // name of the file
	text   string
	steps  [][]string
}{
	{"c", "gcc", "a.c", `#include <stdio.h>
#include <pthread.h>
static void *f(void *p) { return p; }
int main(void) { pthread_t t; if (pthread_create(&t, 0, f, 0) || pthread_join(t, 0)) return 1; puts("SAFE"); }
`, [][]string{{"gcc", "-O2", "-pthread", "-o", "a", "a.c"}, {"./a"}}},
	{"c, static", "gcc", "a.c", `#include <stdio.h>
#include <stdlib.h>
int main(void) { if (system("true")) return 1; puts("SAFE"); }
`, [][]string{{"gcc", "-O2", "-static", "-o", "a", "a.c"}, {"./a"}}},
	{"c++", "g++", "a.cpp", `#include <future>
#include <iostream>
#include <mutex>
#include <thread>
int main() { auto f = std::async(std::launch::async, [] { return 1; }); f.get(); std::cout << "SAFE" << std::endl; }
`, [][]string{{"g++", "-O2", "-pthread", "-o", "a", "a.cpp"}, {"./a"}}},
	{"python", "python3", "a.py", `import threading, subprocess, multiprocessing, tempfile, asyncio, socket
def f(q): q.put(1)
async def sleep(): await asyncio.sleep(0)
if __name__ == "__main__":
    t = threading.Thread(target=print, args=("",)); t.start(); t.join()
    q = multiprocessing.Queue(); p = multiprocessing.Process(target=f, args=(q,)); p.start(); q.get(); p.join()
    asyncio.run(sleep())
    tempfile.TemporaryFile().close()
    try: socket.getaddrinfo("localhost", 80)
    except OSError: pass
    subprocess.run(["true"], check=True)
    print("SAFE")
`, [][]string{{"python3", "a.py"}}},
	{"java", "javac", "A.java", `import java.util.stream.*;
class A {
  public static void main(String[] args) throws Exception {
    Thread t = new Thread(() -> {}); t.start(); t.join();
    if (IntStream.range(0, 100000).parallel().sum() == 0 || Runtime.getRuntime().availableProcessors() < 1) throw new Exception();
    if (new ProcessBuilder("true").start().waitFor() != 0) throw new Exception();
    try { java.net.NetworkInterface.getNetworkInterfaces(); } catch (java.io.IOException e) { }
    System.gc();
    System.out.println("SAFE");
  }
}
`, [][]string{{"javac", "A.java"}, {"java", "-cp", ".", "A"}}},
	{"javascript", "node", "a.js", `const { Worker } = require("worker_threads"), fs = require("fs"), cp = require("child_process");
try { require("os").networkInterfaces(); } catch (e) { }
new Worker("", { eval: true }).on("exit", () => fs.readFile("a.js", e => {
  if (e || cp.spawnSync("true").status !== 0) process.exit(1);
  console.log("SAFE");
}));
`, [][]string{{"node", "a.js"}}},
	{"go", "go", "a.go", `package main

import ("fmt"; "net"; "os/exec"; "runtime")

func main() {
	c := make(chan int)
	go func() { runtime.LockOSThread(); c <- 1 }()
	<-c
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil { l.Close() }
	if err := exec.Command("true").Run(); err != nil { panic(err) }
	fmt.Println("SAFE")
}
`, [][]string{{"go", "build", "-o", "a", "a.go"}, {"./a"}}},
	{"rust", "rustc", "a.rs", `use std::process::Command;
fn main() {
    std::thread::spawn(|| {}).join().unwrap();
    assert!(Command::new("true").status().unwrap().success());
    println!("SAFE");
}
`, [][]string{{"rustc", "-O", "-o", "a", "a.rs"}, {"./a"}}},
	{"bash", "bash", "a.sh", `set -e
ulimit -n 64
cat <(echo x) > y; sort y | grep -q x; mktemp >/dev/null; (sleep 0 & wait)
echo SAFE
`, [][]string{{"bash", "a.sh"}}},
	{"perl", "perl", "a.pl", `use POSIX; use IO::Socket; my $p = fork; exit 0 if !$p; waitpid $p, 0; system("true") == 0 or die; print "SAFE\n";
`, [][]string{{"perl", "a.pl"}}},
	{"ruby", "ruby", "a.rb", "Thread.new {}.join; system('true') or raise; puts 'SAFE'\n", [][]string{{"ruby", "a.rb"}}},
	{"php", "php", "a.php", "<?php exec('true'); echo \"SAFE\\n\";\n", [][]string{{"php", "a.php"}}},
}

// everywhere are the toolchains that every host has that runs these tests; others are tested where they are.
var everywhere = []string{"gcc", "g++", "python3", "go", "bash"}

// Each toolchain passes in mode Kill, which shows that it makes no forbidden call at all.
func TestToolchainsPass(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every toolchain")
	}
	var landlock *Landlock
	if ABI() >= 2 {
		landlock = &Landlock{ReadWrite: []string{"/dev/shm"}}
	}
	for _, row := range toolchains {
		if _, err := exec.LookPath(row.needs); err != nil && !slices.Contains(everywhere, row.needs) {
			t.Log(err)
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			if _, err := exec.LookPath(row.needs); err != nil {
				testenv.Skip(t, err)
			}
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, row.source), []byte(row.text), 0o644))
			h := helper{Seccomp: &Seccomp{Mode: Kill}}
			env := []string{"TMPDIR=" + dir}
			if landlock != nil {
				l := *landlock
				l.ReadWrite = append(l.ReadWrite[:1:1], dir)
				if cache, err := exec.Command("go", "env", "GOCACHE").Output(); row.needs == "go" && err == nil {
					l.ReadWrite = append(l.ReadWrite, strings.TrimSpace(string(cache)))
				}
				h.Landlock = &l
			}
			var out []byte
			for _, step := range row.steps {
				h.Exec = step
				cmd := h.command()
				cmd.Dir = dir
				cmd.Env = append(cmd.Env, env...)
				var err error
				out, err = cmd.CombinedOutput()
				require.NoErrorf(t, err, "%q: %s", step, out)
			}
			assert.Contains(t, string(out), "SAFE")
		})
	}
}
