package judge

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnpack(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600} }
	cases := []struct {
		name    string
		headers []tar.Header
		err     string // part of it; empty: none
	}{
		{"files and directories", []tar.Header{{Name: "./tmp/", Typeflag: tar.TypeDir}, file("tmp/a"), file("not/listed/b")}, ""},
		{"out of it", []tar.Header{file("../a")}, "path escapes"},
		{"absolute", []tar.Header{file("/tmp/a")}, "path escapes"},
		{"link", []tar.Header{{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc"}}, "unpack: a: want regular files and directories"},
		{"twice", []tar.Header{file("a"), file("a")}, "file exists"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var archive bytes.Buffer
			w := tar.NewWriter(&archive)
			for _, h := range c.headers {
				if h.Typeflag == tar.TypeReg {
					h.Size = 4
				}
				require.NoError(t, w.WriteHeader(&h))
				if h.Typeflag == tar.TypeReg {
					_, err := w.Write([]byte("text"))
					require.NoError(t, err)
				}
			}
			require.NoError(t, w.Close())
			dir := filepath.Join(t.TempDir(), "layer")
			err := unpack(&archive, dir)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			for _, name := range []string{"tmp/a", "not/listed/b"} {
				text, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				assert.Equal(t, "text", string(text))
				info, err := os.Stat(filepath.Join(dir, name))
				require.NoError(t, err)
				assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "whatever the archive says")
			}
		})
	}
}

func TestUnpackRefusesWhatIsCutOff(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 4096}))
	assert.Error(t, unpack(&archive, filepath.Join(t.TempDir(), "layer")))
}
