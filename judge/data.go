package judge

import (
	"io"
	"os"
	"strings"
)

// Data is content of a task: a file, or text from the task file when File is empty.
type Data struct {
	File string // absolute path
	Text string
}

// open opens the content for reading; the caller closes it.
func (d Data) open() (io.ReadCloser, error) {
	if d.File == "" {
		return io.NopCloser(strings.NewReader(d.Text)), nil
	}
	return os.Open(d.File)
}

// size is the content's length in bytes, as it is now.
func (d Data) size() (int64, error) {
	if d.File == "" {
		return int64(len(d.Text)), nil
	}
	info, err := os.Stat(d.File)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
