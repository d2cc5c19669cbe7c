package policy

import (
	"runtime"
	"testing"
	"time"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// onThread runs f on a thread that ends with it, because a restriction cannot be taken back.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // filters and domains belong to the thread; never unlocked
		f()
	}()
	<-done
}

func BenchmarkAssemble(b *testing.B) {
	for b.Loop() {
		if _, err := (Seccomp{}).rest(arch.X86_64).assemble(arch.X86_64, Refuse); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInstall is what a run pays for its filter.
func BenchmarkInstall(b *testing.B) {
	var spent time.Duration
	for range b.N {
		onThread(func() {
			if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
				b.Error(err)
			}
			if err := installStanding(); err != nil {
				b.Error(err)
			}
			start := time.Now()
			if _, err := install(Seccomp{}); err != nil {
				b.Error(err)
			}
			spent += time.Since(start)
		})
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/install")
}

// BenchmarkRestrict is what a run pays for Landlock: a ruleset with the default number of rules.
func BenchmarkRestrict(b *testing.B) {
	if ABI() == 0 {
		b.Skip("no Landlock")
	}
	plan := Landlock{ReadWrite: []string{"/tmp", "/usr", "/dev/shm"}}.Plan(ABI())
	var spent time.Duration
	for range b.N {
		onThread(func() {
			if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
				b.Error(err)
			}
			start := time.Now()
			ruleset, err := plan.ruleset()
			if err != nil {
				b.Error(err)
				return
			}
			if _, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); errno != 0 {
				b.Error(errno)
			}
			unix.Close(ruleset)
			spent += time.Since(start)
		})
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/restrict")
}
