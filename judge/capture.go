package judge

// Capture is what is kept of an output stream.
type Capture struct {
	Bytes     int64  `json:"bytes"`
	Text      string `json:"text"` // the first bytes; always valid UTF-8
	Truncated bool   `json:"truncated"`
}

// How much of a program's streams a record keeps, in bytes.
const (
	KeepOutput  = 4 << 10  // standard output and standard error of a run
	KeepCompile = 64 << 10 // messages of a compiler

	KeepFeedback = 16 << 10 // each message of a checker's program
)

// NewCapture makes what a record says of a stream: its first limit bytes as text, when head holds
// its beginning and it was total bytes long.
func NewCapture(head []byte, total int64, limit int) *Capture {
	kept := head[:min(len(head), limit)]
	truncated := total > int64(len(kept))
	if truncated {
		kept = trimPartialRune(kept)
	}
	return &Capture{Bytes: total, Text: CutText(kept, limit), Truncated: truncated}
}
