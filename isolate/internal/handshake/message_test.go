package handshake

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample returns a message of a kind with as many descriptors as it may have at least; its
// arguments have lengths that need padding.
func sample(k Kind) Message {
	m := Message{Kind: k}
	for i := range shapes[k].args {
		m.Args = append(m.Args, bytes.Repeat([]byte{byte(k)}, 5+8*i))
	}
	for range shapes[k].minFiles {
		m.Files = append(m.Files, os.Stdin)
	}
	return m
}

func TestDecodeReturnsWhatWasEncoded(t *testing.T) {
	for k := Kind(1); k < kinds; k++ {
		t.Run(k.String(), func(t *testing.T) {
			m := sample(k)
			got, err := Decode(m.Encode(), len(m.Files))
			require.NoError(t, err)
			assert.Equal(t, Message{Kind: k, Args: m.Args}, got)
		})
	}
}

func TestArgumentsAreAlignedAndBeginAtFirstArg(t *testing.T) {
	for size := range 20 {
		b := Message{Kind: Error, Args: [][]byte{bytes.Repeat([]byte{7}, size)}}.Encode()
		assert.Zero(t, len(b)%8, "message with an argument of %d bytes", size)
		m, err := Decode(b, 0)
		require.NoError(t, err)
		assert.Equal(t, b[FirstArg:FirstArg+size], m.Args[0])
	}
}

func TestDecodedArgumentCannotGrowIntoTheNext(t *testing.T) {
	b := Message{Kind: Ready, Args: [][]byte{{1}, {2}}, Files: make([]*os.File, 1)}.Encode()
	m, err := Decode(b, 1)
	require.NoError(t, err)
	_ = append(m.Args[0], 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9)
	assert.Equal(t, []byte{2}, m.Args[1])
}

// head returns the first bytes of a message.
func head(k Kind, args, files int) []byte {
	b := make([]byte, headSize)
	b[0], b[1] = byte(k), byte(args)
	binary.LittleEndian.PutUint16(b[2:], uint16(files))
	return b
}

// withLength appends an argument that says how long it is and has the given bytes.
func withLength(b []byte, length uint64, bytes ...byte) []byte {
	return append(binary.LittleEndian.AppendUint64(b, length), bytes...)
}

func TestDecodeRefusesAndNamesExpectedAndGot(t *testing.T) {
	reserved := head(RootReady, 0, 0)
	reserved[5] = 1
	for _, row := range []struct {
		name  string
		data  []byte
		files int
		want  string
	}{
		{"nothing", nil, 0, "message of 0 bytes: want at least 8"},
		{"head cut off", head(RootReady, 0, 0)[:7], 0, "message of 7 bytes: want at least 8"},
		{"kind zero", head(0, 0, 0), 0, "message of unknown kind 0"},
		{"kind after the last", head(kinds, 0, 0), 0, fmt.Sprintf("message of unknown kind %d", kinds)},
		{"largest kind", head(255, 0, 0), 0, "message of unknown kind 255"},
		{"reserved bytes", reserved, 0, "root-ready: reserved bytes are not zero"},
		{"argument too many", withLength(head(RootReady, 1, 0), 0), 0, "root-ready: expected 0 arguments, got 1"},
		{"argument too few", head(Exit, 0, 0), 0, "exit: expected 1 arguments, got 0"},
		{"argument missing", head(Exit, 1, 0), 0, "exit: argument 1 is missing"},
		{"second argument missing", withLength(head(Ready, 2, 1), 0), 1, "ready: argument 2 is missing"},
		{"length cut off", append(head(Exit, 1, 0), 1, 0, 0), 0, "exit: argument 1 is missing"},
		{"argument cut off", withLength(head(Exit, 1, 0), 9, 1, 2, 3, 4, 5, 6, 7, 8), 0, "exit: argument 1 is cut off"},
		{"padding cut off", withLength(head(Exit, 1, 0), 3, 1, 2, 3), 0, "exit: argument 1 is cut off"},
		{"length that wraps with its padding", withLength(head(Exit, 1, 0), 1<<64-1), 0, "exit: argument 1 is cut off"},
		{"length above int", withLength(head(Exit, 1, 0), 1<<63), 0, "exit: argument 1 is cut off"},
		{"bytes behind", append(head(RootReady, 0, 0), 0), 0, "root-ready: 1 bytes too many"},
		{"descriptor lost", head(MountFD, 0, 1), 0, "mount-fd: announces 1 descriptors, 0 came"},
		{"descriptor not announced", head(RootReady, 0, 0), 1, "root-ready: announces 0 descriptors, 1 came"},
		{"descriptor missing", head(MountFD, 0, 0), 0, "mount-fd: expected 1 to 1 descriptors, got 0"},
		{"descriptor too many", head(MountFD, 0, 2), 2, "mount-fd: expected 1 to 1 descriptors, got 2"},
		{"descriptor for a kind without", head(RootReady, 0, 1), 1, "root-ready: expected 0 to 0 descriptors, got 1"},
		{"more descriptors than any", withLength(head(Go, 1, MaxFiles+1), 0), MaxFiles + 1, "go: expected 0 to 64 descriptors, got 65"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, err := Decode(row.data, row.files)
			require.EqualError(t, err, row.want)
			assert.Zero(t, m)
		})
	}
}

func TestDecodeRefusesEveryTruncation(t *testing.T) {
	for k := Kind(1); k < kinds; k++ {
		m := sample(k)
		whole := m.Encode()
		for n := range whole {
			_, err := Decode(whole[:n], len(m.Files))
			assert.Error(t, err, "%v cut to %d of %d bytes", k, n, len(whole))
		}
	}
}

func TestUnknownKindHasANameForErrors(t *testing.T) {
	assert.Equal(t, "kind 200", Kind(200).String())
	assert.Equal(t, "kind 0", Kind(0).String())
}

func FuzzDecode(f *testing.F) {
	for k := Kind(1); k < kinds; k++ {
		m := sample(k)
		f.Add(m.Encode(), len(m.Files))
		f.Add(m.Encode()[:len(m.Encode())-1], len(m.Files))
		f.Add(append(m.Encode(), 0), len(m.Files)+1)
	}
	f.Add(withLength(head(Exit, 1, 0), 1<<64-1), 0)
	f.Fuzz(func(t *testing.T, b []byte, files int) {
		m, err := Decode(b, files)
		if err != nil {
			assert.Zero(t, m)
			return
		}
		s := shapes[m.Kind]
		require.Len(t, m.Args, s.args)
		require.True(t, files >= s.minFiles && files <= s.maxFDs, "%v with %d descriptors", m.Kind, files)
		m.Files = make([]*os.File, files)
		encoded := m.Encode()
		require.Len(t, encoded, len(b))
		again, err := Decode(encoded, files)
		require.NoError(t, err)
		assert.Equal(t, m.Args, again.Args)
	})
}
