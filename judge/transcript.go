package judge

import (
	"sync"
	"time"
	"unicode/utf8"
)

// Message is what one process of an interaction wrote to another, until somebody else wrote.
type Message struct {
	At    Millis `json:"ms"` // since the interaction began, when its first bytes came through
	From  string `json:"from"`
	To    string `json:"to"`
	Text  string `json:"text,omitempty"`
	Bytes []byte `json:"base64,omitempty"` // in place of Text when it is not valid UTF-8

	Ended []string `json:"ended,omitempty"` // processes whose output ended after it, when somebody was left to see that
}

// Content is what was written.
func (m *Message) Content() []byte {
	if m.Bytes != nil {
		return m.Bytes
	}
	return []byte(m.Text)
}

// A transcript is cut when it has this many bytes or messages.
const (
	transcriptBytes    = 256 << 10
	transcriptMessages = 10000
)

// transcript gathers the messages of an interaction. It is safe for concurrent use; the zero value is
// empty and begins at the zero time.
type transcript struct {
	begin time.Time

	mu       sync.Mutex
	messages []Message
	bytes    int
	cut      bool // there was more
}

func (t *transcript) add(from, to PipeEnd, p []byte) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.messages)
	same := n > 0 && t.messages[n-1].From == from.Process && t.messages[n-1].To == to.Process && t.messages[n-1].Ended == nil
	if t.cut || t.bytes+len(p) > transcriptBytes || !same && n == transcriptMessages {
		t.cut = true
		return
	}
	t.bytes += len(p)
	if same {
		t.messages[n-1].Bytes = append(t.messages[n-1].Bytes, p...)
		return
	}
	at := Millis(now.Sub(t.begin))
	t.messages = append(t.messages, Message{At: at, From: from.Process, To: to.Process, Bytes: append([]byte(nil), p...)})
}

// end notes that the output of a process has ended: before all messages, with one that says nothing.
func (t *transcript) end(from, to PipeEnd) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut {
		return
	}
	if len(t.messages) == 0 {
		t.messages = []Message{{At: Millis(time.Since(t.begin)), From: from.Process, To: to.Process}}
	}
	last := &t.messages[len(t.messages)-1]
	last.Ended = append(last.Ended, from.Process)
}

// list returns the messages as a record shows them, not nil. Nothing may be added afterwards.
func (t *transcript) list() (messages []Message, cut bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.messages == nil {
		t.messages = []Message{}
	}
	for i := range t.messages {
		m := &t.messages[i]
		if utf8.Valid(m.Bytes) {
			m.Text, m.Bytes = string(m.Bytes), nil
		}
	}
	return t.messages, t.cut
}
