package handshake

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// besides returns a conversation whose parent's end does something beside, and a pipe for that.
func besides(t *testing.T) (c conversation, b *Beside, r, w *os.File) {
	t.Helper()
	c, b = converse(t), &Beside{}
	c.parent.Attend(b)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return c, b, r, w
}

func TestReceiveServesADescriptorWhileItWaits(t *testing.T) {
	c, b, r, w := besides(t)
	text := make([]byte, 1)
	var served []byte
	require.True(t, b.Serve(int(r.Fd()), func() bool {
		_, err := r.Read(text)
		served = append(served, text[0])
		if string(served) == "ab" {
			assert.NoError(t, c.peer.Send(Message{Kind: Exit, Args: [][]byte{nil}}))
		}
		return err == nil
	}))
	assert.False(t, b.Serve(int(w.Fd()), nil), "one at a time")
	_, err := w.WriteString("abc")
	require.NoError(t, err)
	_, err = c.parent.Receive("run", time.Time{}, Exit)
	require.NoError(t, err)
	assert.Contains(t, []string{"ab", "abc"}, string(served), "the descriptor is served before the message is received")

	b.Forget(int(r.Fd()))
	_, err = w.WriteString("d")
	require.NoError(t, err)
	require.NoError(t, c.peer.Send(Message{Kind: Exit, Args: [][]byte{nil}}))
	_, err = c.parent.Receive("run", time.Time{}, Exit)
	require.NoError(t, err)
	assert.NotContains(t, string(served), "d")
}

func TestDescriptorThatHasEndedIsNotWaitedFor(t *testing.T) {
	c, b, r, w := besides(t)
	require.NoError(t, w.Close())
	calls := 0
	require.True(t, b.Serve(int(r.Fd()), func() bool { calls++; return false }))
	b.Late(time.Now().Add(5*time.Millisecond), func() {
		assert.NoError(t, c.peer.Send(Message{Kind: Exit, Args: [][]byte{nil}}))
	})
	_, err := c.parent.Receive("run", soon(), Exit)
	require.NoError(t, err)
	assert.Equal(t, 1, calls)
}

func TestWhatIsLateIsDoneOnceByWhoeverWaitsThen(t *testing.T) {
	c, b, _, _ := besides(t)
	begin := time.Now()
	var at []time.Duration
	exit := Message{Kind: Exit, Args: [][]byte{nil}}
	b.Late(begin.Add(3*time.Millisecond), func() {
		at = append(at, time.Since(begin))
		assert.NoError(t, c.peer.Send(exit)) // however late it is, the receive has seen to it before it ends
	})
	require.NoError(t, c.peer.Send(exit))
	_, err := c.parent.Receive("run", time.Time{}, Exit)
	require.NoError(t, err)
	assert.Empty(t, at, "what has come is not late")
	_, err = c.parent.Receive("run", soon(), Exit)
	require.NoError(t, err)
	require.Len(t, at, 1)
	assert.GreaterOrEqual(t, at[0], 3*time.Millisecond)

	b.Late(time.Now(), func() { t.Error("it is forgotten") })
	b.Late(time.Time{}, nil)
	_, err = c.parent.Receive("run", time.Now().Add(time.Millisecond), Exit)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestCloseEndsAReceiveThatWaits(t *testing.T) {
	for name, b := range map[string]*Beside{"alone": nil, "with something beside": {}} {
		t.Run(name, func(t *testing.T) {
			c := converse(t)
			c.parent.Attend(b)
			if b != nil {
				b.Late(time.Now().Add(time.Hour), func() {})
			}
			waits := make(chan error)
			go func() {
				_, err := c.parent.Receive("run", time.Time{}, Exit)
				waits <- err
			}()
			require.NoError(t, c.parent.Close())
			err := <-waits
			require.Error(t, err)
			assert.Regexp(t, "EOF|use of closed file", err.Error()) // it waits, or is about to
		})
	}
}
