package handshake

import (
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// states are all places of the ladder where somebody waits for a message, and what it may be.
var states = []struct {
	name   string
	wanted []Kind
}{
	{"identifier mapping", []Kind{MappingPlease}},
	{"mapping", []Kind{MappingWritten}},
	{"build the base", []Kind{IntermediateReady}},
	{"serve", []Kind{SetRoot, Prepare, Join}},
	{"attach the root's mounts", []Kind{RootReady}},
	{"make the sandbox", []Kind{Admit, Hooks, Ready}},
	{"gate", []Kind{Go}},
	{"run", []Kind{Exit}},
	{"end of the run", []Kind{Gone}},
	{"keep mounts", []Kind{ScratchPlease, MountPlease}},
	{"make a layer", []Kind{ScratchDone}},
	{"open a tree", []Kind{MountFD}},
}

func names(kinds []Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.String())
	}
	return strings.Join(names, " or ")
}

func TestWhatAStateDoesNotExpectIsRefusedAndItsDescriptorsAreClosed(t *testing.T) {
	for _, state := range states {
		for k := Kind(1); k < kinds; k++ {
			if slices.Contains(state.wanted, k) || k == Error {
				continue
			}
			t.Run(state.name+"/"+k.String(), func(t *testing.T) {
				c := converse(t)
				m := sample(k)
				for range shapes[k].maxFDs - len(m.Files) {
					m.Files = append(m.Files, os.Stderr)
				}
				require.NoError(t, c.peer.Send(m))
				_, err := c.parent.Receive(state.name, soon(), state.wanted...)
				require.EqualError(t, err, state.name+": expected "+names(state.wanted)+", got "+k.String())
			})
		}
	}
}

func TestInEveryStateThePeersErrorIsTyped(t *testing.T) {
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			c := converse(t)
			require.NoError(t, c.peer.Send(Message{Kind: Error, Args: [][]byte{[]byte("mount: no")}}))
			_, err := c.parent.Receive(state.name, soon(), state.wanted...)
			var peer *PeerError
			require.ErrorAs(t, err, &peer)
			assert.Equal(t, &PeerError{State: state.name, PID: os.Getpid(), Arg: []byte("mount: no")}, peer)
			assert.EqualError(t, err, state.name+`: the peer reports: "mount: no"`)
		})
	}
}

func TestPeerErrorOutlivesTheNextMessage(t *testing.T) {
	c := converse(t)
	require.NoError(t, c.peer.Send(Message{Kind: Error, Args: [][]byte{[]byte("first")}}))
	_, err := c.parent.Receive("run", soon(), Exit)
	var peer *PeerError
	require.ErrorAs(t, err, &peer)
	require.NoError(t, c.peer.Send(Message{Kind: Exit, Args: [][]byte{[]byte("SECOND")}}))
	_, err = c.parent.Receive("run", soon(), Exit)
	require.NoError(t, err)
	assert.Equal(t, "first", string(peer.Arg))
}

func TestInEveryStateThePeersDeathIsAnEndOfFile(t *testing.T) {
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			c := converse(t)
			require.NoError(t, c.peer.Close())
			_, err := c.parent.Receive(state.name, soon(), state.wanted...)
			require.ErrorIs(t, err, io.EOF)
			assert.EqualError(t, err, state.name+": expected "+names(state.wanted)+": EOF")
		})
	}
}

func TestInEveryStateAStalledPeerIsADeadline(t *testing.T) {
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			c := converse(t)
			_, err := c.parent.Receive(state.name, time.Now().Add(-time.Second), state.wanted...)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			assert.True(t, strings.HasPrefix(err.Error(), state.name+": expected "+names(state.wanted)+": "), err)
		})
	}
}
