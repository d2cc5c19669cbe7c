package piston

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"judge/judge"
)

// answerOf makes the answer of a job's records, which are JSON lines. The error is of our own machinery, or a *RequestError: no
// worker may do what was asked for.
func answerOf(r runtime, records []byte) (Response, error) {
	answer := Response{Language: r.name, Version: r.version.String()}
	var whole *judge.Record
	for line := range bytes.Lines(records) {
		record := new(judge.Record)
		if err := json.Unmarshal(line, record); err != nil {
			return answer, fmt.Errorf("record: %w", err)
		}
		switch record.Kind {
		case judge.KindCompile:
			answer.Compile = stageOf(record)
		case judge.KindRun:
			if record.Made() {
				answer.Run = stageOf(record)
			}
		case judge.KindSubmission:
			whole = record
		}
	}
	switch {
	case whole == nil:
		return answer, fmt.Errorf("the records have no verdict")
	case whole.Verdict == judge.JudgeError && whole.Reason == judge.ReasonTask: // which is all of the request's
		return answer, refuse("%s", whole.Message)
	case whole.Verdict == judge.JudgeError:
		return answer, fmt.Errorf("judge-error: %s: %s", whole.Reason, whole.Message)
	case whole.Verdict == judge.CompileError && answer.Compile == nil: // refused before anything was compiled
		answer.Compile = refused(whole)
	case answer.Compile != nil && answer.Compile.Version != "":
		answer.Version = versionIn(answer.Compile.Version).String()
	}
	if answer.Run == nil {
		answer.Run = answer.Compile
	}
	if answer.Run == nil {
		return answer, fmt.Errorf("bug: verdict %s without a run", whole.Verdict)
	}
	return answer, nil
}

// refused is the stage of files that are no program.
func refused(r *judge.Record) *Stage {
	one, status, text := 1, StatusExit, r.Message+"\n"
	return &Stage{Stderr: text, Output: text, Code: &one, Status: &status, Message: &r.Message}
}

// stageOf is what a record tells of compiling or running.
func stageOf(r *judge.Record) *Stage {
	s := &Stage{
		Stdout: text(r.Stdout), Stderr: text(r.Stderr), Code: r.ExitCode,
		CPUTime: ms(r.CPU), WallTime: ms(r.Wall), Memory: r.Memory, Version: r.Compiler,
	}
	s.Output = s.Stdout + s.Stderr
	if r.Signal != "" {
		s.Code, s.Signal = nil, &r.Signal
	}
	if r.Verdict == judge.Accepted {
		return s
	}
	status, message := statusOf(r), r.Message
	s.Status, s.Message = &status, &message
	if status != StatusExit { // it was ended, whatever its first process had to say
		s.Code = nil
		if s.Signal == nil {
			killed := "SIGKILL"
			s.Signal = &killed
		}
	}
	return s
}

// statusOf says in Piston's words what a verdict says in ours. A compiler's limits are reasons of its
// compile-error.
func statusOf(r *judge.Record) Status {
	switch {
	case r.Reason == judge.ReasonStdout:
		return StatusStdout
	case r.Reason == judge.ReasonStderr, r.Reason == judge.ReasonCompileOutput:
		return StatusStderr
	case r.Verdict == judge.TimeLimit, r.Reason == judge.ReasonCompileTime:
		return StatusTime
	case r.Verdict == judge.MemoryLimit, r.Reason == judge.ReasonCompileMemory, r.Signal != "":
		return StatusSignal
	case r.Verdict == judge.RuntimeError, r.Verdict == judge.CompileError:
		return StatusExit
	}
	return StatusInternal
}

func text(c *judge.Capture) string {
	if c == nil {
		return ""
	}
	return c.Text
}

func ms(m judge.Millis) float64 { return milliseconds(time.Duration(m)) }
