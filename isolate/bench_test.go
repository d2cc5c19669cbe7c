//go:build linux

package isolate

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// staticProgram builds a program that returns at once.
func staticProgram(b testing.TB) *os.File {
	dir := b.TempDir()
	source := filepath.Join(dir, "tiny.c")
	require.NoError(b, os.WriteFile(source, []byte("int main(void) { return 0; }"), 0o644))
	exe := filepath.Join(dir, "tiny")
	out, err := exec.Command("gcc", "-O2", "-static", "-o", exe, source).CombinedOutput()
	require.NoError(b, err, string(out))
	f, err := os.Open(exe)
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	return f
}

func BenchmarkRun(b *testing.B) {
	tiny := staticProgram(b)
	layer, err := NewScratch(64<<20, 100)
	require.NoError(b, err)
	defer layer.Close()
	require.NoError(b, layer.Create("/work/tiny", 0o755, tiny))
	s, err := New()
	require.NoError(b, err)
	defer s.Close()
	root := &Root{Layers: []Layer{{Scratch: layer}}}
	program := Program{Path: "/work/tiny", Dir: "/work", Root: root}
	for _, ahead := range []string{"on demand", "ahead"} {
		b.Run(ahead, func(b *testing.B) {
			for b.Loop() {
				exit, err := s.Run(context.Background(), program, nil)
				if err != nil || exit.Status != 0 {
					b.Fatal(exit, err)
				}
				if ahead == "ahead" {
					b.StopTimer()
					if err := s.Prepare(root, nil); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			}
		})
	}
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command(tiny.Name()).Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
