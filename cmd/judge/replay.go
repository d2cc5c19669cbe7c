package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"judge/judge"
)

// readTranscripts reads the transcripts of a file of records that was written with --transcript. A run of
// the same submission is meant before another one of the same test.
func readTranscripts(name string) (judge.ReplaySource, error) {
	f, err := openRecords(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	type key struct{ task, submission, test string }
	found := map[key][]judge.Message{}
	decoder := json.NewDecoder(f)
	for line := 1; ; line++ {
		var r judge.Record
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", name, line, err)
		}
		if r.Transcript == nil || r.TranscriptCut {
			continue
		}
		found[key{r.Task, r.Submission, r.Test}] = r.Transcript
		if any := (key{task: r.Task, test: r.Test}); found[any] == nil {
			found[any] = r.Transcript
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no record has a whole transcript: write some with judge run --transcript --out FILE", name)
	}
	return func(task, submission, test string) []judge.Message {
		if messages := found[key{task, submission, test}]; messages != nil {
			return messages
		}
		return found[key{task: task, test: test}]
	}, nil
}
