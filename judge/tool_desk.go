package judge

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"judge/isolate"
)

// Where a checker or an interactor finds what it is given, and where it leaves what it has to say.
const (
	inputPath    = workDir + "/input"    // of the test, or of the pass
	answerPath   = workDir + "/answer"   // empty when there is none
	outputPath   = workDir + "/output"   // of the submission; an interactor has none
	feedbackPath = workDir + "/feedback" // a directory, of the Kattis protocol; it stays from pass to pass
	nextPassPath = feedbackPath + "/nextpass.in"
)

// toolNames are taken by the above in the work directory of a tool.
var toolNames = []string{path.Base(inputPath), path.Base(answerPath), path.Base(outputPath), path.Base(feedbackPath)}

// desk is the file system of a setter's program that judges a run: the program, what is given to it, and
// what it writes, which is kept until close. A desk that is no longer needed is closed; of several layers of
// given files only the last one is there.
type desk struct {
	tool    *Tool
	program *program
	given   *isolate.Scratch // nil: nothing yet
	kept    *isolate.Scratch
	told    string // judgemessage.txt after the pass before
}

func newDesk(tool *Tool, p *program) (*desk, error) {
	kept, err := isolate.NewScratch(tool.Limits.Disk, tool.Limits.Inodes)
	if err != nil {
		return nil, err
	}
	d := &desk{tool: tool, program: p, kept: kept}
	if tool.Protocol == Kattis {
		if err := kept.MakeShared(feedbackPath); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

func (d *desk) close() {
	d.takeBack()
	d.kept.Close()
}

func (d *desk) takeBack() {
	if d.given != nil {
		d.given.Close()
		d.given = nil
	}
}

// handout is a file for a tool to read.
type handout struct {
	path    string
	size    int64
	content io.Reader
}

// give puts files on the desk in place of those that were given before. The tool cannot write to them.
func (d *desk) give(files ...handout) error {
	d.takeBack()
	size := int64(1 << 20)
	for _, f := range files {
		size += f.size + 64<<10
	}
	given, err := isolate.NewScratch(size, int64(64+len(files)))
	if err != nil {
		return err
	}
	d.given = given
	for _, f := range files {
		if err := given.Create(f.path, sourceMode, f.content); err != nil {
			return err
		}
	}
	return nil
}

// root returns the file system for the next run of the tool.
func (d *desk) root() *isolate.Root {
	root := *d.program.root
	root.Layers = append(root.Layers[:len(root.Layers):len(root.Layers)], isolate.Layer{Scratch: d.given})
	root.Upper = d.kept
	return &root
}

// feedback is what a tool that follows the Kattis protocol has left in its directory.
type feedback struct {
	judge, team *Capture // judgemessage.txt and teammessage.txt; nil: not there
	told        string   // what judgemessage.txt was before, in another pass
	score       *string  // the beginning of score.txt; nil: not there
	nextPass    bool     // there is a nextpass.in
	problem     string   // what is there that cannot be read; empty: nothing
}

// feedback reads what is in the directory. It can be anything: the tool has made it.
func (d *desk) feedback() (fb feedback) {
	if d.tool.Protocol != Kattis {
		return feedback{}
	}
	const longestScore = 64
	read := func(name string, keep int) *Capture {
		c, err := d.capture(path.Join(feedbackPath, name), keep)
		if err != nil && fb.problem == "" {
			fb.problem = err.Error()
		}
		return c
	}
	fb.judge, fb.team = read("judgemessage.txt", KeepFeedback), read("teammessage.txt", KeepFeedback)
	fb.told = d.told
	if fb.judge != nil {
		d.told = fb.judge.Text
	}
	if score := read("score.txt", longestScore); score != nil {
		fb.score = &score.Text
		if score.Truncated && fb.problem == "" {
			fb.problem = fmt.Sprintf("feedback/score.txt of %d bytes: want a number", score.Bytes)
		}
	}
	fb.nextPass = read("nextpass.in", 0) != nil
	return fb
}

// capture reads the beginning of a file that the tool has written; nil when there is none.
func (d *desk) capture(name string, keep int) (*Capture, error) {
	f, err := d.kept.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(f, int64(keep)))
	return NewCapture(head, info.Size(), keep), err
}
