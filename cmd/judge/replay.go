package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"judge/judge"
)

// readTranscripts reads the transcripts of a file of records that was written with --transcript. A run of
// the same submission is meant, also if it has no whole one, before another one of the same test in which
// something was said.
func readTranscripts(name string) (judge.ReplaySource, error) {
	f, err := openRecords(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	type key struct{ task, submission, test string }
	found, whole := map[key][]judge.Message{}, false
	decoder := json.NewDecoder(f)
	for line := 1; ; line++ {
		var r judge.Record
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", name, line, err)
		}
		if r.Transcript == nil {
			continue
		}
		if r.TranscriptCut {
			found[key{r.Task, r.Submission, r.Test}] = nil
			continue
		}
		whole = true
		found[key{r.Task, r.Submission, r.Test}] = r.Transcript
		said := slices.ContainsFunc(r.Transcript, func(m judge.Message) bool { return len(m.Content()) > 0 })
		if any := (key{task: r.Task, test: r.Test}); said && found[any] == nil {
			found[any] = r.Transcript
		}
	}
	if !whole {
		return nil, fmt.Errorf("%s: no record has a whole transcript: write some with judge run --transcript --out FILE", name)
	}
	return func(task, submission, test string) []judge.Message {
		if messages, known := found[key{task, submission, test}]; known {
			return messages
		}
		return found[key{task: task, test: test}]
	}, nil
}
