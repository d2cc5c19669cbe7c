package child

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"judge/isolate/internal/handshake"
)

// testBase is where the images of these tests would lie. Nothing is there.
const testBase = 0x7000_0000_1000

// reader follows addresses in an image as the kernel would.
type reader struct {
	t *testing.T
	m *image
}

func (r reader) bytes(address uint64, n int) []byte {
	r.t.Helper()
	at := int(address - uint64(r.m.base))
	require.True(r.t, at >= 0 && at+n <= len(r.m.data), "address %#x+%d is outside of the image", address, n)
	return r.m.data[at : at+n]
}

func (r reader) word(address uint64) uint64 {
	r.t.Helper()
	require.Zero(r.t, address%8, "word at the unaligned address %#x", address)
	return binary.LittleEndian.Uint64(r.bytes(address, 8))
}

func (r reader) text(address uint64) string {
	r.t.Helper()
	rest := r.bytes(address, len(r.m.data)-int(address-uint64(r.m.base)))
	end := bytes.IndexByte(rest, 0)
	require.GreaterOrEqual(r.t, end, 0, "string at %#x does not end", address)
	return string(rest[:end])
}

// list reads an argument list up to its null pointer.
func (r reader) list(address uint64) (list []string) {
	r.t.Helper()
	for ; r.word(address) != 0; address += 8 {
		list = append(list, r.text(r.word(address)))
	}
	return list
}

// call reads the i-th call of a table: number, six arguments, wanted result.
func (r reader) call(table, i int) (words [8]uint64) {
	r.t.Helper()
	for w := range words {
		words[w] = r.word(r.m.address(table + 64*i + 8*w))
	}
	return words
}

func encode(t *testing.T, steps ...Step) (reader, int) {
	t.Helper()
	r := reader{t, newImage(testBase)}
	r.m.add([]byte("odd")) // what comes next has to be aligned all the same
	table, err := r.m.steps(steps)
	require.NoError(t, err)
	require.Zero(t, table%8)
	return r, table
}

func TestNumbersGoIntoTheWordsOfTheCall(t *testing.T) {
	r, table := encode(t, Step{Call: 7, Args: []any{1, -1, uintptr(1 << 40)}, Want: 9})
	assert.Equal(t, [8]uint64{7, 1, 1<<64 - 1, 1 << 40, 0, 0, 0, 9}, r.call(table, 0))
}

func TestStringsAreAddressesOfTheirBytesAndAZero(t *testing.T) {
	for _, s := range []string{"", "a", "/seven7", "/eight88", "/nine/999", strings.Repeat("x", 5000)} {
		r, table := encode(t, Step{Args: []any{s, 42}})
		words := r.call(table, 0)
		assert.Equal(t, s, r.text(words[1]))
		assert.EqualValues(t, 42, words[2])
	}
}

func TestBytesAreAlignedAndAsLongAsTheyWere(t *testing.T) {
	data := []byte{1, 0, 2, 0, 3}
	r, table := encode(t, Step{Args: []any{"x", data}})
	address := r.call(table, 0)[2]
	assert.Zero(t, address%8, "the kernel reads structures from here")
	assert.Equal(t, data, r.bytes(address, len(data)))
}

func TestListsEndWithANullPointer(t *testing.T) {
	for _, row := range []struct {
		name string
		list []string
	}{
		{"nil", nil},
		{"one", []string{"sh"}},
		{"empty strings", []string{"", "", ""}},
		{"several", []string{"sh", "-c", "exit 3"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, table := encode(t, Step{Args: []any{row.list}})
			assert.Equal(t, row.list, r.list(r.call(table, 0)[1]))
		})
	}
}

func TestStepsFollowEachOtherWithTheirOwnData(t *testing.T) {
	r, table := encode(t,
		Step{Call: unix.SYS_CHDIR, Args: []any{"/work"}},
		Step{Call: unix.SYS_EXECVE, Args: []any{"/bin/sh", []string{"sh", "-i"}, []string{"A=1"}}, Want: MayBeMissing})
	first, second := r.call(table, 0), r.call(table, 1)
	assert.EqualValues(t, unix.SYS_CHDIR, first[0])
	assert.Equal(t, "/work", r.text(first[1]))
	assert.EqualValues(t, unix.SYS_EXECVE, second[0])
	assert.Equal(t, "/bin/sh", r.text(second[1]))
	assert.Equal(t, []string{"sh", "-i"}, r.list(second[2]))
	assert.Equal(t, []string{"A=1"}, r.list(second[3]))
	assert.EqualValues(t, mayBeMissing, second[7])
}

func TestGatherIsAMessageHeaderWithADescriptor(t *testing.T) {
	r, table := encode(t, Step{Args: []any{gather{data: []byte("head"), tail: 0x1234, tailSize: 8, fds: []int{5}}}})
	header := r.call(table, 0)[1] // struct msghdr
	assert.Zero(t, r.word(header), "no name")
	assert.EqualValues(t, 2, r.word(header+24), "number of pieces")
	pieces := r.word(header + 16)
	assert.Equal(t, "head", string(r.bytes(r.word(pieces), int(r.word(pieces+8)))))
	assert.EqualValues(t, 0x1234, r.word(pieces+16))
	assert.EqualValues(t, 8, r.word(pieces+24))
	control := r.bytes(r.word(header+32), int(r.word(header+40)))
	assert.Equal(t, unix.UnixRights(5), control)
}

func TestStepsThatCannotBeEncodedAreBugs(t *testing.T) {
	for _, row := range []struct {
		name string
		step Step
		want string
	}{
		{"too many arguments", Step{Name: "x", Args: []any{1, 2, 3, 4, 5, 6, 7}}, "bug: step x has 7 arguments"},
		{"type", Step{Name: "x", Args: []any{1.5}}, "bug: argument of type float64"},
		{"nil", Step{Name: "x", Args: []any{nil}}, "bug: argument of type <nil>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := newImage(testBase).steps([]Step{row.step})
			require.ErrorContains(t, err, row.want)
			_, err = Release([]Step{row.step}, testBase)
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestReleaseLiesAtTheAddressThatReadyTold(t *testing.T) {
	arg, err := Release([]Step{
		{Call: unix.SYS_CHDIR, Args: []any{"/work"}},
		{Call: unix.SYS_EXECVE, Args: []any{"/bin/true", []string{"true"}, []string(nil)}},
	}, testBase)
	require.NoError(t, err)
	message := handshake.Message{Kind: handshake.Go, Args: [][]byte{arg}}.Encode()
	r := reader{t, &image{base: testBase, data: message}}
	table := int(r.word(testBase + releaseAt))
	assert.EqualValues(t, 2, r.word(testBase+releaseAt+8), "number of calls")
	assert.Equal(t, "/work", r.text(r.call(table, 0)[1]))
	assert.Equal(t, []string{"true"}, r.list(r.call(table, 1)[2]))
	assert.Empty(t, r.list(r.call(table, 1)[3]))
}

func TestReleaseHasABound(t *testing.T) {
	_, err := Release(make([]Step, maxCalls), testBase)
	require.NoError(t, err)
	_, err = Release(make([]Step, maxCalls+1), testBase)
	require.EqualError(t, err, fmt.Sprintf("bug: %d steps in a go message, at most %d", maxCalls+1, maxCalls))
}

func TestStepsThatDoNotFitIntoTheArenaAreRefused(t *testing.T) {
	a, err := NewArena()
	require.NoError(t, err)
	defer a.Close()
	_, err = a.Start(&Plan{Init: []Step{{Name: "big", Args: []any{strings.Repeat("x", imageSize)}}}})
	require.ErrorContains(t, err, "bug: the steps take ")
}
