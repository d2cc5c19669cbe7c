package judge

import (
	"fmt"
	"io"
	"os"

	"judge/isolate"
)

// programChecker is a Checker that is a program of the setter's. It keeps the output of a run, or of each
// pass, and is executed when that is over. An interactor, which runs meanwhile, is one that is given no output.
type programChecker struct {
	worker *worker
	run    *testRun
	desk   *desk
	input  *input   // of this pass
	spool  *os.File // the output of this pass; nil: nothing yet
	err    error    // of keeping the output
	again  bool     // the program wants another pass
}

// openProgramChecker makes the checker of a run. The caller closes it.
func (w *worker) openProgramChecker(r *testRun) (*programChecker, error) {
	desk, err := newDesk(r.task.judgingTool(), r.checker)
	if err != nil {
		return nil, err
	}
	return &programChecker{worker: w, run: r, desk: desk}, nil
}

func (c *programChecker) close() {
	c.forget()
	c.desk.close()
}

// forget gives back the output.
func (c *programChecker) forget() {
	if c.spool != nil {
		c.spool.Close()
		c.spool = nil
	}
}

// Write keeps a piece of the output; its bound is that of the stream.
func (c *programChecker) Write(p []byte) (int, error) {
	if c.spool == nil && c.err == nil {
		c.spool, c.err = newSpool()
	}
	if c.err == nil {
		_, c.err = c.spool.Write(p)
	}
	return len(p), nil
}

// Certain is false: the program sees the output when it is complete.
func (c *programChecker) Certain() bool { return false }

// Finish executes the program. The error is one of our machinery; what the program does wrong is an Outcome.
func (c *programChecker) Finish() (Outcome, error) {
	if c.err != nil {
		return Outcome{}, fmt.Errorf("keep the output: %w", c.err)
	}
	if err := c.give(); err != nil {
		return Outcome{}, err
	}
	c.forget()
	facts, stderr, err := c.execute()
	if err != nil {
		return Outcome{}, err
	}
	if facts.Stop == StopCancelled {
		return Outcome{}, c.run.context.Err()
	}
	fb := c.desk.feedback()
	outcome := c.desk.tool.outcome(facts, fb, stderr)
	c.again = outcome.Correct && outcome.Failure == "" && fb.nextPass
	return outcome, nil
}

// give puts input, answer and output on the desk.
func (c *programChecker) give() error {
	input, size, err := c.input.again()
	if err != nil {
		return err
	}
	defer input.Close()
	files := []handout{{inputPath, size, input}, {answerPath, 0, eof{}}}
	if answer := c.run.testCase.Answer; answer != nil {
		content, err := answer.open()
		if err != nil {
			return err
		}
		defer content.Close()
		if size, err = answer.size(); err != nil {
			return err
		}
		files[1] = handout{answerPath, size, content}
	}
	switch {
	case c.run.task.Interactor != nil: // the output is the interactor's own
	case c.spool == nil:
		files = append(files, handout{outputPath, 0, eof{}})
	default:
		if size, err = c.spool.Seek(0, io.SeekEnd); err == nil {
			_, err = c.spool.Seek(0, io.SeekStart)
		}
		if err != nil {
			return err
		}
		files = append(files, handout{outputPath, size, c.spool})
	}
	return c.desk.give(files...)
}

// eof is an empty file.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// execute runs the program. Meanwhile the submission's next run, or next pass, is prepared.
func (c *programChecker) execute() (Facts, *stream, error) {
	tool, p := c.desk.tool, c.desk.program
	var stdin *os.File
	if tool.Protocol == Kattis {
		var err error
		if stdin, err = c.desk.given.Open(outputPath); err != nil {
			return Facts{}, nil, err
		}
		defer stdin.Close()
	}
	given := isolate.Program{Args: tool.argumentsOn(c.run.testCase), Root: c.desk.root(), Stdin: stdin}
	facts, _, stderr, err := c.worker.runSetters(c.run.context, tool, p, given, c.following())
	return facts, stderr, err
}

// following is the root of what this slot will probably run next.
func (c *programChecker) following() *isolate.Root {
	if c.run.passes < c.run.task.Passes {
		return c.run.root
	}
	return c.worker.queue.upcoming(c.run.entry)
}

// nextInput is the input of the next pass, which the program has written. The caller releases it.
func (c *programChecker) nextInput() (*input, error) {
	content, err := c.desk.kept.Open(nextPassPath)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	in, err := newInput(content)
	if err != nil {
		return nil, fmt.Errorf("input of pass %d: %w", c.run.passes+1, err)
	}
	if err := c.desk.kept.Remove(nextPassPath); err != nil {
		in.release()
		return nil, err
	}
	return in, nil
}

// failure is the outcome of a program that does not do what its protocol wants.
func (c *programChecker) failure(format string, args ...any) *Outcome {
	return c.desk.tool.failure(fmt.Sprintf(format, args...))
}
